// Buttons that copy a text: `data-copies` names the element that has it, `data-done` is what is said then.
const textOf = (element) => ("value" in element ? element.value : element.innerText);

const copied = async (source) => {
  try {
    await navigator.clipboard.writeText(textOf(source));
  } catch { // without TLS there is no clipboard; what is marked is copied all the same
    if (source.select) source.select();
    else getSelection().selectAllChildren(source);
    document.execCommand("copy");
  }
};

for (const button of document.querySelectorAll("button[data-copies]")) {
  const source = document.getElementById(button.dataset.copies);
  const status = button.parentElement.querySelector("[role=status]");
  if (!source) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await copied(source);
    (status ?? button).textContent = button.dataset.done;
  });
}
