// Keeps the page up to date without losing the focus or what was typed: each response is a whole page, and only
// the differences are applied to the open one. The forms also work without this script.
"use strict";

const byId = (id) => document.getElementById(id);
const isField = (node) => ["INPUT", "TEXTAREA", "SELECT"].includes(node.nodeName);

// A field's value as the server last sent it.
function given(field) {
  if (field.nodeName !== "SELECT") return [field.defaultValue, field.defaultChecked].join("\n");
  return [...field.options].filter((option) => option.defaultSelected).map((option) => option.value).join("\n");
}

function copyAttributes(old, fresh) {
  const keepsOpen = old.nodeName === "DETAILS" || old.nodeName === "DIALOG";
  for (const { name } of [...old.attributes]) {
    if (fresh.hasAttribute(name) || name === "aria-busy" || name === "data-quiet" || (keepsOpen && name === "open")) continue;
    old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (keepsOpen && name === "open") continue;
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

const sent = new WeakMap(); // what each field held when its form was last sent

// Whether a person went on in a field after its form was sent, and the server answers with what it held then.
const isAhead = (old, fresh) => sent.get(old) === fresh.value && old.value !== fresh.value;

// Make `old` equal to `fresh`. A field keeps what a person entered unless the server has sent a new value.
function morph(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  const field = isField(old) && old.type !== "file";
  const news = field && given(old) !== given(fresh) && old !== document.activeElement && !isAhead(old, fresh);
  const { value, checked } = news ? fresh : old;
  copyAttributes(old, fresh);
  morphChildren(old, fresh);
  if (!field) return;
  if (old.type === "checkbox" || old.type === "radio") old.checked = checked;
  else if (old.type !== "hidden" && old.value !== value) old.value = value;
}

function morphChildren(old, fresh) {
  let at = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    let match = null;
    if (child.id) {
      for (match = at; match && match.id !== child.id; ) match = match.nextSibling;
      while (match && at !== match) at = dropped(at);
    } else {
      while (at && at.nodeType === Node.TEXT_NODE && child.nodeType === Node.ELEMENT_NODE) at = dropped(at);
      if (at && !at.id && at.nodeName === child.nodeName) match = at;
    }
    if (match && match.nodeName === child.nodeName) {
      at = match.nextSibling;
      morph(match, child);
    } else {
      old.insertBefore(document.adoptNode(child), at);
    }
  }
  while (at) at = dropped(at);
}

function dropped(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

// Show a page from the server; `again` means a refresh, which keeps the notice. The focus stays where it was or
// moves to something near it, or only to `held` if that is given.
function show(html, again = false, held = around(document.activeElement)) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  if (again) fresh.getElementById("notice").replaceWith(byId("notice").cloneNode(true));
  const modal = byId("modal");
  const before = modal.dataset.view;
  const now = fresh.getElementById("modal").dataset.view;
  const atEnd = [...document.querySelectorAll("[data-end]")]
    .filter((list) => list.scrollHeight - list.scrollTop - list.clientHeight < 60)
    .map((list) => list.id);
  if (!now && modal.open) {
    modal.close();
    held = [...held, ...opener];
  }
  document.title = fresh.title;
  copyAttributes(document.body, fresh.body);
  morphChildren(document.body, fresh.body);
  if (document.activeElement === document.body) focusNear(held);
  arrange(before, atEnd);
}

// The ids of an element, its siblings and its ancestors, nearest first.
function around(node) {
  const ids = [];
  if (node?.id) for (const step of ["previousElementSibling", "nextElementSibling"]) {
    for (let one = node[step]; one; one = one[step]) if (one.id) ids.push(one.id);
  }
  for (let one = node?.parentElement; one && one !== document.body; one = one.parentElement) if (one.id) ids.push(one.id);
  return node?.id ? [node.id, ...ids] : ids;
}

let opener = []; // what was around the focus when the modal opened

// Move the focus if its element is gone: to the element drawn again, else to a sibling, else to the last button (the
// one that replaces "Close issue" is last), field or link of the nearest ancestor that is still there.
function focusNear(ids) {
  for (const id of ids) {
    const part = byId(id);
    if (!part?.checkVisibility()) continue;
    if (part.matches("a[href], button, input, select, textarea, [tabindex]")) return part.focus();
    const inside = (names) => [...part.querySelectorAll(names)].filter((one) => one.checkVisibility());
    const next = inside("button").pop() || inside("select, textarea, input:not([type=hidden]), summary, a[href]")[0];
    if (next) return next.focus();
  }
}

const seen = new WeakSet();

// Scroll a newly shown list to its newest message; on a phone the page scrolls instead.
function showNewest(list) {
  list.scrollTop = list.scrollHeight;
  if (list.scrollHeight > list.clientHeight) return;
  list.querySelector("ol > li:last-child")?.scrollIntoView({ block: "end" });
}

// After each change: open the modal, scroll to new messages and place the focus.
function arrange(before, atEnd) {
  const modal = byId("modal");
  const now = modal.dataset.view;
  if (now && !modal.open) {
    opener = around(document.activeElement);
    modal.showModal();
  }
  for (const list of document.querySelectorAll("[data-end]")) {
    const isShown = list.checkVisibility();
    if (isShown && !seen.has(list)) showNewest(list);
    else if (atEnd.includes(list.id)) list.scrollTop = list.scrollHeight;
    if (isShown) seen.add(list);
    else seen.delete(list);
    const isTyping = document.activeElement === byId("composer");
    if (isTyping && atEnd.includes(list.id)) list.querySelector("li:last-child")?.scrollIntoView({ block: "nearest" });
  }
  if (!now) return;
  const lost = !modal.contains(document.activeElement) || document.activeElement === modal;
  if (now !== before || lost) {
    const first = modal.querySelector(".window-body :is(input:not([type=hidden]), select, textarea, button)");
    (first || byId("modal-title")).focus();
  }
}

let pressed = null; // resolves when the pointer or the space bar is released
let release = () => {};

// A redraw waits for the end of a press: a browser acts on the release, and only on what was pressed. The click comes
// right after the release, so the redraw lets it go first.
function press() {
  pressed ||= new Promise((done) => {
    release = () =>
      setTimeout(() => {
        pressed = null;
        done();
      });
  });
}

async function unpressed() {
  while (pressed) await pressed;
}

document.addEventListener("pointerdown", (event) => {
  if (!event.button && event.target.closest(".tick, button, summary, a[href]")) press();
});
document.addEventListener("keydown", (event) => {
  if (event.key === " " && event.target.matches("button, summary, [type=checkbox], [type=radio]")) press();
});
for (const name of ["pointerup", "pointercancel", "keyup"]) document.addEventListener(name, () => release());
addEventListener("blur", () => release());

let looking = false;
let again = false;
let acts = 0;

// Refresh the page; skip a response that is older than the response to an action.
async function look() {
  again = looking;
  if (looking) return;
  looking = true;
  const [address, before] = [location.href, acts];
  try {
    const answer = await fetch(address);
    const html = await answer.text();
    await unpressed();
    if (before !== acts || address !== location.href) again = true;
    else if (answer.ok && !searches) show(html, true); // a search looks again when it is done
  } catch {
    byId("busy").textContent = "The sandbox isn’t answering.";
  }
  looking = false;
  if (again) setTimeout(look, 30);
}

let steps = 0;

// Follow a link, unless another is followed before the server answers; the focus stays on it, else moves to its half
// of the page, or to the one shown. With `anew`, as from a list of conversations, lists show their newest message.
async function go(address, from, anew = false) {
  const step = (steps += 1);
  const answer = await fetch(address);
  const html = await answer.text();
  if (step !== steps) return;
  if (address !== location.href) history.pushState(null, "", address);
  acts += 1;
  if (anew) for (const list of document.querySelectorAll("[data-end]")) seen.delete(list);
  show(html, false, [document.activeElement.id]);
  const focused = document.activeElement;
  if (focused === document.body || !focused.checkVisibility()) {
    const pane = from?.checkVisibility() ? from : document.querySelector(`.pane.${document.body.dataset.pane}`);
    pane.querySelector(".messages, .tracker")?.focus();
  }
  const { hash } = new URL(address, location.href);
  if (hash) byId(hash.slice(1))?.scrollIntoView();
}

// Submit a form by its button, or with `extra` by this script. A submission waits for a change in progress; while a
// button is in progress it is a second press, and ignored. If a choice is made while a search is in progress, search
// again with that choice before showing the results. Nothing dims while it tells `quietly` of what is typed.
async function send(form, button, extra, quietly = false) {
  if (form.getAttribute("aria-busy") === "true" && form.dataset.again === undefined) {
    if (extra || form.isChanging) setTimeout(() => form.isConnected && send(form, button, extra, quietly), 100);
    return;
  }
  form.isChanging = Boolean(extra);
  const contents = new FormData(form);
  if (button?.name) contents.set(button.name, button.value); // it may have been drawn anew while this waited
  for (const [name, value] of Object.entries(extra || {})) contents.set(name, value);
  const typed = form.dataset.reset === undefined ? [] : [...form.elements].map((field) => [field, field.value, field.files]);
  const restore = () => typed.forEach(([field, value, chosen]) => (chosen ? (field.files = chosen) : (field.value = value)));
  const choicesBefore = choices;
  for (const field of form.elements) if (isField(field)) sent.set(field, field.value);
  if (extra?.search) searches += 1;
  const files = [...form.querySelectorAll("input[type=file]")].map((field) => [field, field.files]);
  const address = location.href;
  if (typed.length) form.reset();
  form.setAttribute("aria-busy", "true");
  form.toggleAttribute("data-quiet", quietly);
  if (!quietly) byId("busy").textContent = "Working…";
  try {
    const answer = await fetch(form.action, { method: "POST", body: contents });
    const html = await answer.text();
    await unpressed();
    acts += 1;
    form.removeAttribute("aria-busy");
    if (extra?.search && choices !== choicesBefore && form.isConnected) return send(form, button, extra);
    if (answer.ok && !answer.headers.has("x-refused")) {
      for (const [field, sent] of files) if (field.files === sent) field.value = "";
      if (form.dataset.close !== undefined) close(form.closest("details"));
    } else restore();
    if (address === location.href) {
      if (answer.redirected && answer.url !== address) history.pushState(null, "", answer.url);
      show(html);
      if (!extra) document.querySelector("#modal [aria-invalid=true]")?.focus();
    }
    byId("busy").textContent = "";
  } catch {
    form.removeAttribute("aria-busy");
    restore();
    byId("busy").textContent = "The sandbox isn’t answering.";
  } finally {
    if (extra?.search) searches -= 1;
  }
  look();
}

function close(menu) {
  if (!menu || !menu.open) return;
  const held = menu.contains(document.activeElement);
  menu.open = false;
  if (held) menu.querySelector("summary").focus();
}

document.addEventListener("submit", (event) => {
  event.preventDefault();
  const words = event.submitter?.dataset.confirm;
  if (words && !window.confirm(words)) return;
  clearTimeout(typing); // what was typed is sent now; told afterward, it would count as another edit
  send(event.target, event.submitter);
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  for (const menu of document.querySelectorAll("details.menu[open]:not(.wide)")) {
    if (!menu.contains(event.target) || link) close(menu);
  }
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  if (link.dataset.press) send(link.form || link.closest("form"), null, { act: link.dataset.press });
  const address = new URL(link.href);
  const isFile = address.pathname.startsWith("/page/");
  if (address.origin !== location.origin || link.target || isFile || link.className === "skip") return;
  event.preventDefault();
  const form = link.closest("#modal form");
  if (!form) go(link.href, link.closest(".pane"), Boolean(link.closest("nav")));
  else if (form.querySelector("footer .main")) window.open(link.href, "_blank", "noopener");
  else send(form, null, { do: "close-all" }).then(() => go(link.href, null)); // a receipt has been read
});

document.addEventListener("change", (event) => {
  const field = event.target;
  if (field.closest(".ticks")) choices += 1;
  if (field.dataset.act) send(field.form, null, { act: field.dataset.act });
  else if (field.dataset.store !== undefined) send(field.form, null, { do: "keep" });
});

let typing = 0;
let searching = 0;
let searches = 0; // on their way
let choices = 0; // made in lists so far

document.addEventListener("input", (event) => {
  const field = event.target;
  const question = field.closest(".question.bad");
  if (question) {
    question.classList.remove("bad");
    question.querySelector(".error")?.remove();
    for (const one of question.querySelectorAll("[aria-invalid]")) one.removeAttribute("aria-invalid");
  }
  if (field.dataset.typed) {
    clearTimeout(typing); // Slack tells the app when a person pauses, not of each letter
    typing = setTimeout(() => field.isConnected && send(field.form, null, { act: field.dataset.typed }, true), 400);
  }
  if (!field.dataset.search) return;
  clearTimeout(searching);
  searching = setTimeout(() => send(field.form, null, { search: field.dataset.search }), 250);
});

// A searched list that needs no letters shows its options on focus.
document.addEventListener("focusin", ({ target }) => {
  const isNew = target.dataset.least === "0" && !target.closest(".search").parentElement.querySelector(".tick");
  if (isNew && !target.value) send(target.form, null, { search: target.dataset.search });
});

document.addEventListener("keydown", (event) => {
  const field = event.target;
  if (event.key === "Enter" && field.dataset.search) {
    event.preventDefault();
    send(field.form, null, { search: field.dataset.search });
  } else if (event.key === "Enter" && field.dataset.enter !== undefined && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    field.form.requestSubmit();
  } else if (event.key === "Escape") {
    close(field.closest("details.menu"));
  }
});

byId("modal").addEventListener("cancel", (event) => {
  event.preventDefault();
  send(event.target.querySelector("form"), null, { do: "close" });
});

addEventListener("popstate", () => go(location.href, null));

// Let the clock go on between two pages.
const clock = { shown: "", ahead: 0 };
function tick() {
  const now = byId("now");
  if (clock.shown !== now.dateTime) Object.assign(clock, { shown: now.dateTime, ahead: Date.parse(now.dateTime) - Date.now() });
  const part = (options) => new Date(Date.now() + clock.ahead).toLocaleString("en-US", { timeZone: now.dataset.zone, ...options });
  const day = part({ weekday: "short", month: "short", day: "numeric", year: "numeric" });
  const words = `${day}, ${part({ hour: "numeric", minute: "2-digit" }).replace(/\s/, " ")}`;
  if (now.textContent !== words) now.firstChild.nodeValue = words;
}
setInterval(tick, 1000);

// Turn a dialog that was open on load into a modal one.
byId("modal").removeAttribute("open");
arrange("", []);
const events = new EventSource("/page/events");
events.onopen = events.onmessage = look;
