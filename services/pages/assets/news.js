// What is new below the unit that a page shows: a quiet note, and one key that takes it in. The page never moves by itself.
const FIRST_PAUSE = 30_000, LONGEST_PAUSE = 600_000; // milliseconds until it is tried again after a refusal

const note = document.getElementById("moi");
if (note) begin(note);

function begin(note) {
  const { news, one, many, behind, caught } = note.dataset;
  const text = note.querySelector("[data-text]");
  const said = document.getElementById("moi-noi");
  let after = note.dataset.after, events = 0, uncounted = false, pause = FIRST_PAUSE, stream, waiting;

  const show = (words) => {
    text.textContent = words;
    if (note.hidden) said.textContent = `${words}. ${note.dataset.key}`; // told once; what comes after is only shown
    note.hidden = false;
  };
  const listen = () => {
    clearTimeout(waiting);
    if (stream || document.visibilityState === "hidden") return;
    const address = new URL(news, location);
    address.searchParams.set("after", after);
    stream = new EventSource(address);
    stream.addEventListener("open", () => { pause = FIRST_PAUSE; });
    stream.addEventListener("moved", (event) => {
      const moved = JSON.parse(event.data);
      after = String(moved.position);
      uncounted ||= moved.events === null;
      events += moved.events ?? 0;
      show(uncounted ? many : one.replace("{n}", new Intl.NumberFormat("vi").format(events)));
    });
    stream.addEventListener("behind", (event) => {
      const how = JSON.parse(event.data).behind;
      if (how === null) show(caught);
      else if (!document.querySelector("[data-behind-shown]")) show(behind);
    });
    stream.addEventListener("error", () => {
      if (stream?.readyState !== EventSource.CLOSED) return; // it tries again by itself
      stop();
      waiting = setTimeout(listen, pause * (1 + Math.random()));
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    });
  };
  const stop = () => {
    clearTimeout(waiting);
    stream?.close();
    stream = undefined;
  };

  // A browser has few connections for all of its windows: one that nobody sees has none.
  document.addEventListener("visibilitychange", () => (document.visibilityState === "hidden" ? stop() : listen()));
  addEventListener("pagehide", stop);
  addEventListener("pageshow", listen);
  note.querySelector("button").addEventListener("click", () => location.reload());
  listen();
}
