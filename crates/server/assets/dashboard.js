"use strict";
// Every page works without this: it copies, shows times in the reader's zone, and refreshes what waits.

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    const label = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = label; }, 1500);
  });
}

function localTimes(within) {
  const shown = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  for (const time of within.querySelectorAll("time[datetime]")) {
    const instant = new Date(time.dateTime);
    if (Number.isNaN(instant.getTime())) continue;
    time.title = time.textContent;
    time.textContent = shown.format(instant);
  }
}
localTimes(document);

// A part of the page that is asked for again every few seconds, while anybody looks.
const live = document.querySelector("[data-live]");
if (live) {
  const every = Number(live.dataset.live) * 1000;
  const refresh = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(location.href, { headers: { "accept": "text/html" }, redirect: "error" });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById(live.id);
      if (!fresh || fresh.isEqualNode(live.lastSeen ?? null)) return;
      live.lastSeen = fresh.cloneNode(true);
      if (live.contains(document.activeElement)) return;
      live.replaceChildren(...fresh.childNodes);
      localTimes(live);
    } catch { /* the next round tries again */ }
  };
  setInterval(refresh, every);
}
