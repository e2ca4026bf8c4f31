// A page that keeps itself fresh: elements with `data-fresh` (seconds) are replaced by what the same address says now.
// Quiet: not while the page is hidden, nor while somebody is busy inside of it; where it fails, what is shown stays.
for (const shown of document.querySelectorAll("[data-fresh]")) {
  const id = shown.id;
  setInterval(async () => {
    const now = document.getElementById(id);
    if (document.hidden || now.contains(document.activeElement) || now.querySelector("details[open]")) return;
    try {
      const answer = await fetch(location.href, { redirect: "error" });
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(id);
      if (fresh) now.replaceWith(document.adoptNode(fresh));
    } catch {
      // away for a moment; it is asked again
    }
  }, Number(shown.dataset.fresh) * 1000);
}
