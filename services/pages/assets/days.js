// A slider through the days on which something changed: it goes to the page of the day, as the links beside it do.
const PAUSE = 500; // milliseconds after the last step, so that a key can be held down
const FOCUSED = "tonghop-days";

for (const place of document.querySelectorAll(".day-slider[data-days]")) {
  const days = place.dataset.days.split(" ");
  const label = document.createElement("label");
  const range = document.createElement("input");
  const output = document.createElement("output");
  const shown = (day) => day.split("-").reverse().join("/");
  const here = days.filter((day) => day <= place.dataset.on).length - 1;
  Object.assign(range, { type: "range", min: 0, max: days.length - 1, step: 1, value: Math.max(here, 0) });
  range.setAttribute("aria-label", place.dataset.label);
  const say = () => {
    const text = shown(days[range.value]);
    output.textContent = text;
    range.setAttribute("aria-valuetext", text);
  };
  let waiting;
  range.addEventListener("input", () => {
    say();
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const address = new URL(location.href);
      address.searchParams.set("on", days[range.value]);
      for (const once of ["trang", "lang"]) address.searchParams.delete(once);
      sessionStorage.setItem(FOCUSED, "yes");
      location.assign(address);
    }, PAUSE);
  });
  if (days[range.value] === place.dataset.on) say();
  else range.setAttribute("aria-valuetext", shown(place.dataset.on));
  label.append(range, output);
  place.append(label);
  if (sessionStorage.getItem(FOCUSED)) {
    sessionStorage.removeItem(FOCUSED);
    range.focus({ preventScroll: true });
  }
}
