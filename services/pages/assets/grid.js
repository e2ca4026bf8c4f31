// A table to type and paste into, in place of the text with tabs; what is sent is that text. Columns that a type does
// not have are left out before anything is sent.
const ROWS = 10;
const form = document.querySelector("form.entry-paste");
const area = form.querySelector("textarea");
const box = form.querySelector(".entry-grid");
const left = form.querySelector(".left");
const more = form.querySelector(".more");
const columns = [...document.querySelectorAll(".entry-columns-told li")].map(({ dataset }) => ({
  head: dataset.head, heads: dataset.heads.split("|"), codes: dataset.codes ? dataset.codes.split("|") : [],
}));
const store = (() => { try { return sessionStorage; } catch { return null; } })();
const name = `tonghop:${form.dataset.kept}`;
const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[đĐ]/g, "d").toLowerCase().replace(/[^a-z0-9]+/g, " ").trim();
const heads = new Map(columns.flatMap((each, i) => [plain(each.head), ...each.heads].map((head) => [head, i])));
const folded = (text) => plain(text).replace(/ (dd mm yyyy|d m yyyy|ngay thang nam|bat buoc|neu co|neu biet|ma hoac ten)$/, "");
const NUMBERING = new Set(["stt", "tt", "so tt", "so thu tu", "no"]);

function parted(text) {
  const rows = [[]];
  let cell = "", quoted = false;
  text = text.replace(/\r\n?/g, "\n").replace(/\n$/, "");
  for (let i = 0; i < text.length; i++) {
    const sign = text[i];
    if (quoted) {
      if (sign !== '"') cell += sign === "\n" ? " " : sign;
      else if (text[i + 1] === '"') cell += text[++i];
      else quoted = false;
    } else if (sign === '"' && cell === "") quoted = true;
    else if (sign === "\t") { rows.at(-1).push(cell); cell = ""; }
    else if (sign === "\n") { rows.at(-1).push(cell); cell = ""; rows.push([]); }
    else cell += sign;
  }
  rows.at(-1).push(cell);
  return rows;
}

const table = document.createElement("table");
table.className = "entry-cells";
table.createTHead().insertRow().append(head(box.dataset.row), ...columns.map((each) => head(each.head)));
const body = table.createTBody();
for (const [i, each] of columns.entries()) {
  if (!each.codes.length) continue;
  const list = document.createElement("datalist");
  list.id = `ma-${i}`;
  list.append(...each.codes.map((code) => Object.assign(document.createElement("option"), { value: code })));
  box.append(list);
}

function head(text) {
  const cell = document.createElement("th");
  cell.scope = "col";
  cell.textContent = text;
  return cell;
}

function addRow(cells = []) {
  const row = body.insertRow();
  const number = document.createElement("th");
  number.scope = "row";
  number.textContent = body.rows.length;
  row.append(number);
  for (const [i, each] of columns.entries()) {
    const input = document.createElement("input");
    input.value = cells[i] ?? "";
    input.autocomplete = "off";
    input.spellcheck = false;
    input.setAttribute("aria-label", `${box.dataset.row} ${body.rows.length}, ${each.head}`);
    if (each.codes.length) input.setAttribute("list", `ma-${i}`);
    row.insertCell().append(input);
  }
  return row;
}

const inputs = (row) => [...row.querySelectorAll("input")];
const filled = () => [...body.rows].map((row) => inputs(row).map((input) => input.value)).filter((row) => row.some((text) => text.trim()));
const written = (text) => (/["\t\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);
const asText = (rows) => [columns.map((each) => each.head), ...rows].map((row) => row.map(written).join("\t")).join("\n") + "\n";

function placed(rows) {
  // Heads that were copied too say where each column belongs; what belongs nowhere is left here, unsent.
  const first = rows[0].map(folded);
  const known = first.filter((each) => heads.has(each)).length;
  if (known < 2) return { rows, left: [] };
  const others = rows[0].filter((_, i) => first[i] && !heads.has(first[i]) && !NUMBERING.has(first[i]));
  const moved = rows.slice(1).map((row) => {
    const cells = [];
    row.forEach((text, i) => { if (heads.has(first[i])) cells[heads.get(first[i])] = text; });
    return cells;
  });
  return { rows: moved, left: others, whole: true };
}

function fill(rows, firstRow, firstColumn) {
  const found = placed(rows);
  const column = found.whole ? 0 : firstColumn;
  found.rows.forEach((cells, down) => {
    while (body.rows.length <= firstRow + down) addRow();
    const row = inputs(body.rows[firstRow + down]);
    cells.forEach((text, right) => { if (row[column + right] && text !== undefined) row[column + right].value = text.trim(); });
  });
  left.hidden = !found.left.length;
  left.textContent = found.left.length ? `${box.dataset.left} ${found.left.map((each) => each.slice(0, 60)).join(", ")}` : "";
  keep();
}

const keep = () => store?.setItem(name, JSON.stringify(filled()));

function place(input) {
  const cell = input.closest("td");
  return [cell.parentElement.sectionRowIndex, cell.cellIndex - 1];
}

body.addEventListener("paste", (event) => {
  const text = event.clipboardData.getData("text/plain");
  if (!/[\t\n]/.test(text.replace(/\r?\n$/, ""))) return;
  event.preventDefault();
  fill(parted(text), ...place(event.target));
});
body.addEventListener("input", (event) => {
  if (place(event.target)[0] === body.rows.length - 1) addRow();
  keep();
});
body.addEventListener("keydown", (event) => {
  const [row, column] = place(event.target);
  const down = { Enter: 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
  // Where a list of codes opens, the arrows choose in it.
  if (!down || event.isComposing || (event.key !== "Enter" && event.target.list)) return;
  event.preventDefault();
  if (row + down === body.rows.length) addRow();
  inputs(body.rows[row + down] ?? body.rows[row])[column].focus();
});
more.addEventListener("click", () => { for (let i = 0; i < ROWS; i++) addRow(); });
form.addEventListener("submit", (event) => {
  area.value = asText(filled().map(([unit, ...cells]) => [unit.trim() || box.dataset.unit, ...cells]));
  if (form.dataset.going) event.preventDefault();
  form.dataset.going = "1";
});
addEventListener("pageshow", () => delete form.dataset.going);

const refused = document.querySelector("[role=alert]");
const typed = parted(area.value);
const before = JSON.parse(store?.getItem(name) ?? "[]");
box.append(table);
if (typed.some((row, i) => i && row.some((text) => text.trim()))) fill(typed, 0, 0);
else if (before.length) fill(before, 0, 0);
while (body.rows.length < ROWS) addRow();
area.hidden = true;
box.hidden = false;
form.classList.remove("entry-plain");
refused?.focus();

const file = document.querySelector("input[type=file]");
file.addEventListener("change", () => {
  const long = file.files[0] && file.files[0].size > Number(file.dataset.most);
  file.setCustomValidity(long ? file.dataset.long : "");
  file.reportValidity();
});
