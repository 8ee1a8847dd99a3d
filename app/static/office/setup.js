// Proposes the intranet's address from the company's name until somebody writes another.
const name = document.getElementById("company_name");
const slug = document.getElementById("slug");
let isOurs = slug.value === "";

slug.addEventListener("input", () => { isOurs = slug.value === ""; });
name.addEventListener("input", () => {
  if (isOurs) slug.value = proposed(name.value);
});

function proposed(text) {
  const plain = text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").replace(/,?\s*S\.\s*[AL]\.\s*U?\.?$/i, "");
  return plain.toLowerCase().replace(/[^a-z0-9_]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 34);
}
