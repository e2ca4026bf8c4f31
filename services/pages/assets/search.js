// Search as one types: a combobox (ARIA APG) over /v1/units; without this script the form goes to /tim.
const PAUSE = 120; // milliseconds after the last letter
const MOST = 8;

const form = document.querySelector("form.search");
const input = form?.elements.q;
if (input) begin(input, JSON.parse(form.dataset.levels));

function begin(input, levels) {
  const list = Object.assign(document.createElement("ul"), { id: "tim-thay", hidden: true });
  const status = Object.assign(document.createElement("span"), { className: "unseen" });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.getAttribute("aria-label"));
  status.setAttribute("role", "status");
  form.append(list, status);
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", list.id]]) {
    input.setAttribute(name, value);
  }
  let chosen = -1, waiting, asking;

  const open = (is) => {
    list.hidden = !is;
    input.setAttribute("aria-expanded", is);
    if (!is) choose(-1);
  };
  const choose = (which) => {
    chosen = which;
    for (const [n, option] of [...list.children].entries()) option.setAttribute("aria-selected", n === which);
    if (which < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", list.children[which].id);
    list.children[which]?.scrollIntoView({ block: "nearest" });
  };
  const show = (units) => {
    // What units are called is text, whatever stands in it.
    list.replaceChildren(...units.map((unit, n) => {
      const option = Object.assign(document.createElement("li"), { id: `tim-thay-${n}` });
      const name = Object.assign(document.createElement("span"), { textContent: unit.name });
      const level = Object.assign(document.createElement("span"), { className: "small" });
      const former = unit.matched !== unit.name && !unit.id.includes(unit.matched) ? ` · ${unit.matched}` : "";
      level.textContent = `${levels[unit.level] ?? unit.level}${former} · ${unit.id}`;
      option.setAttribute("role", "option");
      option.dataset.unit = unit.id;
      option.append(name, level);
      return option;
    }));
    open(units.length > 0);
    status.textContent = form.dataset.found.replace("{n}", units.length);
  };
  const ask = async () => {
    asking?.abort();
    const text = input.value.trim();
    if (!text) return open(false);
    asking = new AbortController();
    try {
      const address = `/v1/units?${new URLSearchParams({ q: text, limit: MOST })}`;
      const answer = await fetch(address, { signal: asking.signal, headers: { accept: "application/json" } });
      if (answer.ok && document.activeElement === input) show((await answer.json()).units);
    } catch {
      open(false); // given up for the next letter, or nobody there: the form is there still
    }
  };
  const go = (option) => {
    const address = new URL(`/don-vi/${encodeURIComponent(option.dataset.unit)}`, location);
    const here = new URLSearchParams(location.pathname.startsWith("/don-vi/") ? location.search : "");
    for (const name of ["from", "to", "basis"]) if (here.has(name)) address.searchParams.set(name, here.get(name));
    location.assign(address);
  };

  open(false);
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, PAUSE);
  });
  input.addEventListener("keydown", (event) => {
    const last = list.children.length - 1;
    if (event.isComposing) return; // a Vietnamese keyboard is still at a letter
    if (event.key === "ArrowDown" && !list.hidden) choose(chosen < last ? chosen + 1 : 0);
    else if (event.key === "ArrowUp" && !list.hidden) choose(chosen > 0 ? chosen - 1 : last);
    else if (event.key === "Enter" && chosen >= 0) go(list.children[chosen]);
    else if (event.key === "Escape" && !list.hidden) open(false);
    else if (event.key === "Escape") input.blur();
    else return;
    event.preventDefault();
  });
  input.addEventListener("blur", () => open(false));
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) go(option);
  });
}
