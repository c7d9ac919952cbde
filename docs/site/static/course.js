// A formula that is too wide scrolls in a box of its own: the keyboard must reach it, as the theme lets it reach code.
const reachWideFormulas = () =>
  document.querySelectorAll("mjx-container[display]").forEach((formula) => {
    if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
    else formula.removeAttribute("tabindex");
  });
window.addEventListener("load", async () => {
  await window.MathJax?.startup?.promise;
  reachWideFormulas();
  window.addEventListener("resize", reachWideFormulas);
});
