(() => {
  const order = ["es", "fr", "ru", "zh"], select = document.getElementById("lang");
  const marked = [...document.querySelectorAll("[data-k]")];
  const english = marked.map((it) => it.textContent);
  // The address carries the choice from page to page where files share no storage.
  const stored = () => { try { return localStorage.getItem("lang"); } catch { return null; } };
  const wanted = new URLSearchParams(location.search).get("lang") || stored() || "en";
  const speak = (code) => {
    marked.forEach((it, i) => {
      const word = (NAMES[it.dataset.k] || [])[order.indexOf(code)];
      it.textContent = word || english[i];
      if (word) { it.lang = code; it.title = english[i]; }
      else { it.removeAttribute("lang"); it.removeAttribute("title"); }
    });
    document.querySelectorAll("[data-lk]").forEach((it) => {
      it.dataset.en ??= it.dataset.l;
      it.dataset.l = (NAMES[it.dataset.lk] || [])[order.indexOf(code)] || it.dataset.en;
    });
    document.querySelectorAll("a[href*='.html']").forEach((it) => {
      const [bare, rest] = it.getAttribute("href").split("?"), said = new URLSearchParams(rest);
      if (code === "en") said.delete("lang"); else said.set("lang", code);
      it.setAttribute("href", said.size ? `${bare}?${said}` : bare);
    });
    try { localStorage.setItem("lang", code); } catch { /* the address will do */ }
  };
  select.value = order.includes(wanted) ? wanted : "en";
  select.addEventListener("change", () => speak(select.value));
  speak(select.value);
  const menu = document.querySelector(".menu");
  if (matchMedia("(min-width: 60rem)").matches) menu.open = true;
  const find = document.getElementById("find");
  if (find) find.addEventListener("input", () => {
    const text = find.value.trim().toLowerCase();
    let shown = 0;
    document.querySelectorAll("[data-names]").forEach((row) => {
      row.hidden = !row.dataset.names.includes(text);
      shown += !row.hidden;
    });
    document.querySelectorAll(".theme").forEach((part) => {
      part.hidden = !part.querySelector("[data-names]:not([hidden])");
    });
    document.getElementById("none").hidden = shown > 0;
  });
})();
