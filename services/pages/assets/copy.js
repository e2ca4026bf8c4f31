// Buttons that copy a field's value: `data-copies` names the field, `data-done` is what the button says then.
for (const button of document.querySelectorAll("button[data-copies]")) {
  const field = document.getElementById(button.dataset.copies);
  if (!field) continue;
  field.addEventListener("focus", () => field.select());
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy"); // without TLS there is no clipboard; what is selected is copied all the same
    }
    button.textContent = button.dataset.done;
  });
}
