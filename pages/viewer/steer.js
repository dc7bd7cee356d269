// Steers the maps that Plotly draws: what lies over the slide, scale bar, overview, magnifications,
// keys, linked movement, the address, and which place or region was pointed at. Mounted by
// `pages/viewer/steering.py`.

const FINEST = 22, NATIVE = FINEST - 1, WORLD = 256 * 2 ** FINEST; // as core/slides/frame.py
const MOST_ZOOM = 22;
const BY_HAND = {originalEvent: {type: "steering"}}; // else Plotly would undo it when it draws again
const BAR = 140; // screen pixels, at most
const EYEPIECE = 10; // µm a screen pixel at 1×: 40× is 0.25, as scanners have it

const STILL = {"raster-fade-duration": 0, "raster-resampling": "nearest"};
// White within black is seen on any tissue. Name, of what, colour, screen pixels.
const LINES = [
  ["lobule-outline-edge", "outlines", "#000000", 4], ["lobule-outline", "outlines", "#ffffff", 1.5],
  ["lobule-marked-edge", "marked", "#ffffff", 5], ["lobule-marked", "marked", "#1a5f8a", 2.5],
];

const place = ({lng, lat}) => ({
  x: lng / 360 * WORLD,
  y: -Math.asinh(Math.tan(lat * Math.PI / 180)) / (2 * Math.PI) * WORLD,
});
const lngLat = ({x, y}) => ({
  lng: x / WORLD * 360,
  lat: -Math.atan(Math.sinh(2 * Math.PI * y / WORLD)) * 180 / Math.PI,
});
const round = (value, digits) => Number(value.toPrecision(digits));

function element(tag, name, parent) {
  const made = document.createElement(tag);
  made.className = name;
  parent.append(made);
  return made;
}

class Pane {
  constructor(told, index) {
    Object.assign(this, told, {index, parts: [], listeners: []});
  }

  // Plotly keeps its MapLibre map to itself; without it the slide is seen, and nothing steered.
  get drawn() {
    const chart = document.querySelector(`.st-key-${this.key} .js-plotly-plot`);
    return {chart, map: chart?._fullLayout?.map?._subplot?.map};
  }

  attach(steering) {
    const {chart, map} = this.drawn;
    if (!map || map === this.map) return;
    this.detach();
    this.map = map;
    this.chart = chart;
    map.dragRotate.disable();
    map.touchZoomRotate.disableRotation();
    map.keyboard.disable(); // its keys turn and tilt, too
    const box = map.getContainer();
    this.overview = element("button", "lobule-overview", box);
    this.overview.type = "button";
    this.overview.title = "Overview: click to go there";
    this.overview.style.aspectRatio = `${this.width} / ${this.height}`;
    element("img", "", this.overview).src = this.picture;
    this.window = element("i", "", this.overview);
    this.bar = element("div", "lobule-scale-bar", box);
    this.parts = [this.overview, this.bar];
    this.overview.onclick = event => {
      const inside = this.overview.getBoundingClientRect();
      this.ease({center: lngLat({
        x: (event.clientX - inside.left) / inside.width * this.width,
        y: (event.clientY - inside.top) / inside.height * this.height,
      })});
    };
    this.listen("move", () => steering.moved(this));
    this.listen("moveend", () => steering.rested(this));
    this.listen("mousedown", () => { steering.active = this; });
    this.listen("click", event => {
      clearTimeout(this.waiting); // a second click makes it a double click
      const at = place(event.lngLat);
      this.waiting = setTimeout(() => steering.pointed(this, at), 250);
    });
    // Plotly would go back to where the view began.
    this.surface = map.getCanvasContainer();
    this.twice = event => {
      event.stopPropagation();
      clearTimeout(this.waiting);
      const {left, top} = this.surface.getBoundingClientRect();
      const around = map.unproject([event.clientX - left, event.clientY - top]);
      this.ease({zoom: map.getZoom() + 1, around});
    };
    this.surface.addEventListener("dblclick", this.twice, true);
    this.selected = found => steering.selected(this, found);
    chart.on("plotly_selected", this.selected);
    if (this.fits && !chart.dataset.fitted) this.jump(this.whole);
    chart.dataset.fitted ||= map.getZoom();
    // The chart gets its height late: who has not moved yet sees all of the slide again.
    this.listen("resize", () => {
      if (this.fits && Number(chart.dataset.fitted) === map.getZoom()) {
        this.jump(this.whole);
        chart.dataset.fitted = map.getZoom();
      }
      steering.moved(this);
    });
    steering.moved(this);
  }

  // Lay maps of probabilities and lines over the slide, or change those that lie there. Plotly
  // would build the map anew, and the view would jump, at every change of its figure.
  lay() {
    // Before Plotly has laid the slide itself, all of it would lie under the slide.
    this.laid = this.map?.getStyle()?.layers.some(({id}) => id.startsWith("plotly-trace"));
    if (!this.laid) return;
    const numbers = new Set(this.maps.map((_, number) => `lobule-map-${number}`));
    for (const {id} of this.map.getStyle().layers) {
      if (!id.startsWith("lobule-map-") || numbers.has(id)) continue;
      this.map.removeLayer(id);
      this.map.removeSource(id);
    }
    this.maps.forEach(({tiles, opacity}, number) => {
      const id = `lobule-map-${number}`, source = this.map.getSource(id);
      if (!source) {
        this.map.addSource(id, {type: "raster", tiles: [tiles], tileSize: 256, maxzoom: FINEST});
        const under = this.map.getLayer(LINES[0][0]) ? LINES[0][0] : undefined;
        this.map.addLayer({id, type: "raster", source: id, paint: STILL}, under);
      } else if (source.tiles[0] !== tiles) source.setTiles([tiles]);
      this.map.setPaintProperty(id, "raster-opacity", opacity);
    });
    for (const [id, of, colour, width] of LINES) {
      const coordinates = this[of].map(ring => [...ring, ring[0]].map(([x, y]) => {
        const {lng, lat} = lngLat({x, y});
        return [lng, lat];
      }));
      const lines = {type: "MultiLineString", coordinates};
      if (this.map.getSource(id)) this.map.getSource(id).setData(lines);
      else {
        this.map.addSource(id, {type: "geojson", data: lines, maxzoom: FINEST, tolerance: 0.2});
        const paint = {"line-color": colour, "line-width": width};
        this.map.addLayer({id, type: "line", source: id, paint});
      }
    }
  }

  listen(name, heard) {
    this.map.on(name, heard);
    this.listeners.push([name, heard]);
  }

  detach() {
    clearTimeout(this.waiting);
    this.listeners.forEach(([name, heard]) => this.map.off(name, heard));
    this.parts.forEach(part => part.remove());
    this.chart?.removeListener?.("plotly_selected", this.selected);
    this.surface?.removeEventListener("dblclick", this.twice, true);
    Object.assign(this, {map: undefined, laid: false, parts: [], listeners: []});
  }

  get unit() { return this.um ?? 1; } // µm, or pixels where nobody knows the scale
  get centre() { return place(this.map.getCenter()); }
  get perScreenPixel() { return this.unit * 2 ** (NATIVE - this.map.getZoom()); }
  zoomAt(unitsAPixel) { return NATIVE - Math.log2(unitsAPixel / this.unit); }

  ease(view, duration = 250) { this.map.easeTo({...view, duration}, BY_HAND); }
  jump(view) { this.map.jumpTo(view, BY_HAND); }

  get whole() {
    const {clientWidth, clientHeight} = this.map.getContainer();
    const shrunk = Math.max(this.width / clientWidth, this.height / clientHeight) * 1.03;
    const zoom = Math.min(NATIVE - Math.log2(shrunk), NATIVE);
    return {center: lngLat({x: this.width / 2, y: this.height / 2}), zoom};
  }

  fit() { this.ease(this.whole); }

  draw() {
    const per = this.perScreenPixel, power = 10 ** Math.floor(Math.log10(BAR * per));
    const length = power * [5, 2, 1].find(step => step * power <= BAR * per);
    this.bar.style.width = `${length / per}px`;
    const long = length >= 1000;
    this.bar.textContent = this.um === null
      ? `${length.toLocaleString("en")} px`
      : long ? `${round(length / 1000, 3)} mm` : `${round(length, 3)} µm`;
    const {clientWidth, clientHeight} = this.map.getContainer();
    const {x, y} = this.centre, pixels = per / this.unit;
    const share = (value, whole) => Math.min(Math.max(value / whole, 0), 1) * 100;
    const left = share(x - clientWidth / 2 * pixels, this.width);
    const top = share(y - clientHeight / 2 * pixels, this.height);
    const right = share(x + clientWidth / 2 * pixels, this.width);
    const bottom = share(y + clientHeight / 2 * pixels, this.height);
    Object.assign(this.window.style, {
      left: `${left}%`, top: `${top}%`, width: `${right - left}%`, height: `${bottom - top}%`,
    });
  }
}

class Steering {
  constructor({parentElement, data, setTriggerValue}) {
    Object.assign(this, {root: parentElement, tell: setTriggerValue, linked: data.linked});
    this.panes = data.panes.map((told, index) => new Pane(told, index));
    this.active = this.panes[0];
    this.magnifications = this.root.querySelectorAll("[data-magnification]");
    this.readout = this.root.querySelector("output");
    this.root.querySelector("[role=toolbar]").onclick = event => {
      const {magnification, step, fit} = event.target.closest("button")?.dataset ?? {};
      if (magnification) this.magnify(Number(magnification));
      else if (step) this.step(Number(step));
      else if (fit) this.active.fit();
    };
    this.key = event => this.pressed(event);
    document.addEventListener("keydown", this.key);
    this.look();
    this.timer = setInterval(() => this.look(), 250);
  }

  update({data, setTriggerValue}) {
    this.tell = setTriggerValue;
    if (data.linked !== this.linked) Object.assign(this, {linked: data.linked, offset: undefined});
    data.panes.forEach(({maps, outlines, marked}, index) => {
      Object.assign(this.panes[index], {maps, outlines, marked}).lay();
    });
    this.keepAddress(); // what the server wrote may be of an earlier view
  }

  look() {
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
    const a = first.centre, b = second.centre;
    this.offset = {x: b.x * second.unit - a.x * first.unit, y: b.y * second.unit - a.y * first.unit};
    this.follow(first);
  }

  follow(leader) {
    if (!this.offset || this.following) return;
    this.following = true;
    const {x, y} = leader.centre, sign = leader.index === 0 ? 1 : -1;
    for (const pane of this.panes) {
      if (pane === leader || !pane.map) continue;
      const to = {
        x: (x * leader.unit + sign * this.offset.x) / pane.unit,
        y: (y * leader.unit + sign * this.offset.y) / pane.unit,
      };
      pane.jump({center: lngLat(to), zoom: pane.zoomAt(leader.perScreenPixel)});
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
    if (pane.index === 0) this.keepAddress();
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
