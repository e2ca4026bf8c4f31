// Keys, each also a link or a button of the page. Those of one letter can be turned off (WCAG 2.1.4).
const KEPT = "tonghop-keys";

const help = document.getElementById("phim");
const box = help?.querySelector("input");
let on = localStorage.getItem(KEPT) !== "off";

const search = () => document.querySelector("form.search input[name=q]");
const KEYS = {
  "/": () => focus(search()),
  "?": () => help?.showModal(),
  r: () => press("#moi:not([hidden]) button"),
  "[": () => press("main a[rel=prev]"),
  "]": () => press("main a[rel=next]"),
};

function focus(field) {
  field?.focus();
  field?.select();
}

function press(what) {
  document.querySelector(what)?.click();
}

addEventListener("keydown", (event) => {
  if (event.isComposing || event.defaultPrevented) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    focus(search());
    return;
  }
  const typing = event.target.closest?.("input:not([type=checkbox], [type=radio], [type=range]), textarea, select, dialog");
  const act = KEYS[event.key.toLowerCase()];
  if (!on || typing || event.ctrlKey || event.metaKey || event.altKey || !act) return;
  event.preventDefault();
  act();
});

if (help && box) {
  box.checked = on;
  box.addEventListener("change", () => {
    on = box.checked;
    localStorage.setItem(KEPT, on ? "on" : "off");
  });
  document.querySelector("a[data-keys]")?.addEventListener("click", (event) => {
    event.preventDefault();
    help.showModal();
  });
}
