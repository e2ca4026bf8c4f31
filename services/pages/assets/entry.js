// Keeps what is typed into a form until it is sent, finds units as one types, and minds double clicks and long files.
const kept = (name) => `tonghop:${name}`;
const store = (() => { try { return sessionStorage; } catch { return null; } })();
const typed = ([name, value]) => typeof value === "string" && name !== "csrf";
const values = (form) => Object.fromEntries([...new FormData(form)].filter(typed));

for (const sent of document.querySelectorAll("[data-sent]")) store?.removeItem(kept(sent.dataset.sent));

for (const form of document.querySelectorAll("form[data-kept]")) {
  const name = kept(form.dataset.kept);
  const before = store?.getItem(name);
  if (before && "anew" in form.dataset && !location.search.includes("lai=")) {
    for (const [field, value] of Object.entries(JSON.parse(before))) {
      const found = form.elements[field];
      if (!found || found.type === "hidden") continue;
      if (!found.value) found.value = value;
      if (value) found.closest?.("details")?.setAttribute("open", "");
    }
  }
  form.addEventListener("input", () => store?.setItem(name, JSON.stringify(values(form))));
}

for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.going) event.preventDefault();
    else form.dataset.going = "1";
  });
}
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-going]")) delete form.dataset.going;
});

document.querySelector("[role=alert]")?.focus();

for (const input of document.querySelectorAll("input[name=to]:not([type]), input[name='c.to']")) {
  const list = document.createElement("datalist");
  list.id = `${input.id}-don-vi`;
  input.after(list);
  input.setAttribute("list", list.id);
  let asked = "";
  input.addEventListener("input", async () => {
    const text = input.value.trim();
    if (text.length < 2 || text === asked) return;
    asked = text;
    const answer = await fetch(`/v1/units?${new URLSearchParams({ q: text, limit: "10" })}`);
    if (!answer.ok || text !== asked) return;
    const { units } = await answer.json();
    list.replaceChildren(...units.map(({ id, name }) => Object.assign(document.createElement("option"), { value: id, label: name })));
  });
}
