// Light or dark, before anything is painted: what the person chose here, else what the system says.
(() => {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => localStorage.getItem("apariencia") || "automática";
  const apply = () => {
    const dark = chosen() === "oscura" || (chosen() === "automática" && system.matches);
    document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
  };
  apply();
  system.addEventListener("change", apply);
  document.addEventListener("DOMContentLoaded", () => {
    const name = document.querySelector("[data-theme-name]");
    if (!name) return;
    name.textContent = chosen();
    document.querySelector("[data-theme-next]").addEventListener("click", () => {
      const order = ["automática", "clara", "oscura"];
      localStorage.setItem("apariencia", order[(order.indexOf(chosen()) + 1) % order.length]);
      name.textContent = chosen();
      apply();
    });
  });
})();
