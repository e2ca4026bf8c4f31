// Takes in what became of what was sent, until all is decided.
const FIRST = 1500, SLOWEST = 15000;

async function again(wait) {
  await new Promise((done) => setTimeout(done, wait));
  if (document.hidden) return again(wait);
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (answer.ok && !answer.redirected) {
      const there = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("phieu");
      const here = document.getElementById("phieu");
      if (there && there.innerHTML !== here.innerHTML) {
        here.replaceWith(there);
        // What was typed is sent: it is kept no longer.
        if (there.dataset.sent) sessionStorage.removeItem(`tonghop:${there.dataset.sent}`);
      }
      if (there && !("undecided" in there.dataset)) return undefined;
    }
  } catch { /* no line: asked again later */ }
  return again(Math.min(wait * 1.5, SLOWEST));
}

again(FIRST);
