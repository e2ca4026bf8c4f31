// Takes in what became of what was sent, until all is decided.
const FIRST = 1500, SLOWEST = 15000;

// The line with the sums stays where it is, so that a screen reader says what changes in it.
function take(there) {
  const here = document.getElementById("phieu");
  if (!("undecided" in there.dataset)) delete here.dataset.undecided;
  if (there.innerHTML === here.innerHTML) return;
  const [mine, its] = [here, there].map((page) => page.querySelector(".entry-sum"));
  const parts = [...there.children];
  for (const part of [...here.children]) if (part !== mine) part.remove();
  mine.replaceChildren(...its.childNodes);
  here.prepend(...parts.slice(0, parts.indexOf(its)));
  here.append(...parts.slice(parts.indexOf(its) + 1));
  // What was typed is sent: it is kept no longer.
  if (there.dataset.sent) sessionStorage.removeItem(`tonghop:${there.dataset.sent}`);
}

async function again(wait) {
  await new Promise((done) => setTimeout(done, wait));
  if (document.hidden) return again(wait);
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (answer.ok && !answer.redirected) {
      const there = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("phieu");
      if (there) take(there);
      if (there && !("undecided" in there.dataset)) return undefined;
    }
  } catch { /* no line: asked again later */ }
  return again(Math.min(wait * 1.5, SLOWEST));
}

again(FIRST);
