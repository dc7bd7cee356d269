// Steers the maps of pane.js: magnifications, keys, linked movement, the address, and what is told of
// places and regions that were pointed at.

class Steering {
  constructor({parentElement, data, setTriggerValue}) {
    Object.assign(this, {root: parentElement, tell: setTriggerValue, linked: data.linked, watched: data.watched});
    this.panes = data.panes.map((told, index) => new Pane(told, index));
    this.active = this.panes[0];
    this.magnifications = this.root.querySelectorAll("[data-magnification]");
    this.readout = this.root.querySelector("output");
    this.explain(data.legend);
    this.root.querySelector("[role=toolbar]").onclick = event => {
      const {magnification, step, fit} = event.target.closest("button")?.dataset ?? {};
      if (magnification) this.magnify(Number(magnification));
      else if (step) this.step(Number(step));
      else if (fit) this.active.fit();
    };
    const canvas = document.createElement("canvas");
    const draws = canvas.getContext("webgl2") ?? canvas.getContext("webgl");
    this.root.querySelector("[role=alert]").hidden = draws !== null;
    draws?.getExtension("WEBGL_lose_context")?.loseContext(); // browsers allow but a few
    this.key = event => this.pressed(event);
    document.addEventListener("keydown", this.key);
    this.look();
    this.timer = setInterval(() => this.look(), 250);
  }

  update({data, setTriggerValue}) {
    Object.assign(this, {tell: setTriggerValue, watched: data.watched});
    this.explain(data.legend);
    if (data.linked !== this.linked) Object.assign(this, {linked: data.linked, offset: undefined});
    data.panes.forEach(({maps, outlines, marked}, index) => {
      Object.assign(this.panes[index], {maps, outlines, marked}).lay();
    });
    this.keepAddress(); // what the server wrote may be of an earlier view
    this.go(data.going);
  }

  explain(legend) {
    const drawn = this.root.querySelector("[data-legend]");
    drawn.hidden = !legend;
    if (!legend) return;
    drawn.title = `Probability of ${legend.shown}; the line goes round what reaches the threshold`;
    drawn.querySelector("b").textContent = legend.shown;
    drawn.querySelector("i").style.background = `linear-gradient(to right, ${legend.colours.join(", ")}), #fff`;
    drawn.querySelector("em").textContent = legend.line;
  }

  go(to) {
    const pane = this.panes[to?.pane];
    if (!pane?.map || to.id === went) return;
    went = to.id;
    const {clientWidth, clientHeight} = pane.map.getContainer();
    const zoom = NATIVE + Math.log2(Math.min(clientWidth, clientHeight) / (1.5 * to.side));
    pane.ease({center: lngLat(to), zoom: Math.min(zoom, MOST_ZOOM)}, 600);
  }

  look() {
    const told = window.location.search; // the server may have written it anew
    if (told.includes("slide=") && !told.includes("zoom=")) this.keepAddress();
    for (const pane of this.panes) {
      pane.attach(this);
      if (!pane.laid) pane.lay();
    }
    if (!this.offset && this.linked && this.panes.every(pane => pane.map)) this.meet();
  }

  stop() {
    clearInterval(this.timer);
    document.removeEventListener("keydown", this.key);
    this.panes.forEach(pane => pane.detach());
  }

  // What lies in the middle of both panes now stays together.
  meet() {
    const [first, second] = this.panes;
    if (!second) return;
    const a = first.centre, b = second.centre, [one, two] = [this.unit(first), this.unit(second)];
    this.offset = {x: b.x * two - a.x * one, y: b.y * two - a.y * one};
    this.follow(first);
  }

  // Micrometres, or pixels where the scale of one of them is not known.
  unit(pane) { return this.panes.every(({um}) => um !== null) ? pane.um : 1; }

  follow(leader) {
    if (!this.offset || this.following) return;
    this.following = true;
    const {x, y} = leader.centre, sign = leader.index === 0 ? 1 : -1, unit = this.unit(leader);
    for (const pane of this.panes) {
      if (pane === leader || !pane.map) continue;
      const own = this.unit(pane);
      const to = {
        x: (x * unit + sign * this.offset.x) / own,
        y: (y * unit + sign * this.offset.y) / own,
      };
      pane.jump({center: lngLat(to), zoom: leader.map.getZoom() + Math.log2(own / unit)});
      pane.draw();
    }
    this.following = false;
  }

  moved(pane) {
    if (this.following) return;
    pane.draw();
    this.follow(pane);
    if (pane !== this.active && this.active.map) return;
    const per = pane.perScreenPixel;
    this.readout.textContent = pane.um === null
      ? `1 : ${round(per, 2)}` : `${round(EYEPIECE / per, 3)}×`;
    this.magnifications.forEach(button => {
      const zoom = pane.zoomAt(EYEPIECE / Number(button.dataset.magnification));
      button.disabled = pane.um === null || zoom > MOST_ZOOM + 0.01;
      button.setAttribute("aria-pressed", Math.abs(zoom - pane.map.getZoom()) < 0.02);
    });
  }

  rested(pane) {
    pane.leave();
    if (pane.index === 0) this.keepAddress();
    if (!this.watched) return;
    clearTimeout(pane.looking);
    pane.looking = setTimeout(() => this.tell("looked", {pane: pane.index, box: pane.seen}), 500);
  }

  keepAddress() {
    const pane = this.panes[0];
    if (!pane.map) return;
    const {x, y} = pane.centre, address = new URL(window.location.href);
    const view = {x: Math.round(x), y: Math.round(y), zoom: round(pane.unit / pane.perScreenPixel, 4)};
    for (const [name, value] of Object.entries(view)) address.searchParams.set(name, value);
    window.history.replaceState(window.history.state, "", address);
  }

  magnify(magnification) {
    const zoom = this.active.zoomAt(EYEPIECE / magnification);
    if (this.active.um !== null && zoom <= MOST_ZOOM + 0.01) this.active.ease({zoom});
  }

  step(zooms) { this.active.ease({zoom: this.active.map.getZoom() + zooms}, 150); }

  pressed(event) {
    const at = event.composedPath()[0];
    if (event.ctrlKey || event.metaKey || event.altKey || !this.active.map) return;
    if (at.isContentEditable || at.closest?.("input, textarea, select, [role=combobox], [role=slider], [role=dialog]")) return;
    const arrows = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
    const magnification = this.magnifications[Number(event.key) - 1]?.dataset.magnification;
    if (magnification) this.magnify(Number(magnification));
    else if (event.key === "0") this.active.fit();
    else if (event.key === "+" || event.key === "=") this.step(1);
    else if (event.key === "-") this.step(-1);
    else if (arrows[event.key]) {
      const step = event.shiftKey ? 400 : 120;
      this.active.map.panBy(arrows[event.key].map(one => one * step), {duration: 120}, BY_HAND);
    } else return;
    event.preventDefault();
  }

  pointed(pane, {x, y}) {
    if (x < 0 || y < 0 || x > pane.width || y > pane.height) return;
    this.tell("pointed", {pane: pane.index, polygon: [[Math.round(x), Math.round(y)]]});
  }

  selected(pane, found) {
    const {range, lassoPoints} = found ?? {};
    if (!range?.map && !lassoPoints?.map) return;
    const [[west, north], [east, south]] = range?.map ?? [[], []];
    const corners = lassoPoints?.map ?? [[west, north], [east, north], [east, south], [west, south]];
    const polygon = corners.map(([lng, lat]) => place({lng, lat})).map(({x, y}) => [Math.round(x), Math.round(y)]);
    pane.chart.querySelector('.modebar-btn[data-val="pan"]')?.click();
    this.tell("region", {pane: pane.index, polygon});
  }
}

// A run of the page mounts anew: who steers the same maps goes on, so that nothing flickers.
export default function (component) {
  const root = component.parentElement;
  const identity = JSON.stringify(component.data.panes.map(({key, um}) => [key, um]));
  if (root.steering?.identity === identity) {
    clearTimeout(root.steering.ending);
    root.steering.update(component);
  } else {
    root.steering?.stop();
    root.steering = Object.assign(new Steering(component), {identity});
  }
  const steering = root.steering;
  return () => {
    steering.ending = setTimeout(() => {
      steering.stop();
      if (root.steering === steering) delete root.steering;
    }, 200);
  };
}
