"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const form = byId("filters");
  if (!form) return;
  const entries = [...document.querySelectorAll("li.entry[data-rule]")];
  const files = [...document.querySelectorAll("details.findings")];
  const texts = new Map();
  const textOf = (e) => {
    if (!texts.has(e)) texts.set(e, (e.textContent + " " + e.parentNode.parentNode.dataset.file).toLowerCase());
    return texts.get(e);
  };
  const filter = () => {
    const want = { severity: form.severity.value, rule: form.rule.value, fix: form.fix.value };
    const inSource = form.source.value;
    const words = form.q.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const e of entries) {
      const ok = Object.keys(want).every((k) => !want[k] || e.dataset[k] === want[k]) &&
        (!inSource || e.dataset.in.includes(" " + inSource + " ")) &&
        words.every((w) => textOf(e).includes(w));
      e.hidden = !ok;
      if (ok) shown++;
    }
    for (const f of files) f.hidden = !f.querySelector("li.entry:not([hidden])");
    byId("shown").textContent = shown === entries.length ?
      "Showing all " + shown + " root causes." : "Showing " + shown + " of " + entries.length + " root causes.";
  };
  form.addEventListener("input", filter);
  form.addEventListener("submit", (e) => e.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  window.addEventListener("beforeprint", () => files.forEach((f) => { f.open = true; }));
  form.hidden = false;
  filter();
})();
