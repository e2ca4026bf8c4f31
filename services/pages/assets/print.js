// The button that prints. Without scripts the style sheet hides it.
for (const button of document.querySelectorAll("button[data-print]")) button.addEventListener("click", () => print());
