// Times in the reader's own zone, keys for the pages, and nothing else: every page works without this script.
(() => {
  const shown = new Intl.DateTimeFormat(undefined, {
    year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
    hourCycle: "h23",
  });
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

  function showTimes(root) {
    for (const element of root.querySelectorAll("time[data-local]")) {
      const at = new Date(element.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      element.title = element.dateTime;
      element.textContent = shown.format(at);
      element.removeAttribute("data-local");
    }
    for (const element of root.querySelectorAll("[data-zone]")) element.textContent = zone;
    // Fields that a person fills in with local time: the server reads them in this zone.
    for (const element of root.querySelectorAll("input[name=zone]")) element.value = zone;
  }

  showTimes(document);
  document.addEventListener("htmx:afterSettle", () => showTimes(document));

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    if (event.key === "/") {
      const search = document.querySelector("input[type=search]");
      if (search) { event.preventDefault(); search.focus(); }
      return;
    }
    const link = /^[1-9]$/.test(event.key) && document.querySelector(`nav a[data-key="${event.key}"]`);
    if (link) link.click();
  });

  for (const button of document.querySelectorAll("button[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
})();
