"""The visual language that every page shares: marks of the classes, and the style sheet."""

from dataclasses import dataclass
from urllib.parse import quote

import streamlit as st

RESEARCH_USE = (
    "For research use only. Lobule is not a medical device: its answers are no diagnosis and "
    "must not guide the care of a patient."
)
# A lobule in section, acini around their duct; one blue that reads on light and on dark. The style
# sheet draws it because `st.logo` would load NumPy and Pillow before the page is drawn.
_LOGO = """<svg xmlns="http://www.w3.org/2000/svg" width="132" height="32" viewBox="0 0 132 32">
<g fill="#2f83bd"><circle cx="16" cy="7" r="4.6"/><circle cx="24.6" cy="13.2" r="4.6"/>
<circle cx="21.3" cy="23.3" r="4.6"/><circle cx="10.7" cy="23.3" r="4.6"/>
<circle cx="7.4" cy="13.2" r="4.6"/></g><circle cx="16" cy="16" r="2.4" fill="#d55e00"/>
<text x="38" y="23" font-family="Helvetica, Arial, sans-serif" font-size="21"
font-weight="600" fill="#2f83bd">Lobule</text></svg>"""


@dataclass(frozen=True, slots=True)
class Mark:
    """How a class is told apart: by its shape, and by a colour of Okabe and Ito (2008)."""

    symbol: str
    colour: str


_DRAWN = '<span class="lobule-drawn"></span>'
POSITIVE = Mark("▲", "#d55e00")
NEGATIVE = Mark("●", "#2f83bd")
NEUTRAL = Mark("■", "#7d8790")

# Parts of Streamlit's page come one after the other; seen at once, nothing jumps. Should the last
# of them never come, the page is seen after some seconds all the same. An animation hides them,
# since it also counts where Streamlit has made a part visible itself.
STYLE = """
<style>
@keyframes lobule-hidden { from, to { visibility: hidden; } }
body:not(:has(.lobule-drawn)) :is(#root, #root *) { animation: lobule-hidden 8s; }
body:not(:has(.lobule-drawn))::before { content: "Lobule is loading …"; position: fixed;
  inset: 40% 0 auto; text-align: center; font: 1rem "Source Sans", sans-serif; color: #7d8790; }
@media (prefers-color-scheme: dark) {  /* the background of the theme, which comes later */
  body:not(:has(.lobule-drawn)) { background: #12161a; } }
.stElementContainer:has(.lobule-drawn) { position: absolute; }
[data-testid="stSidebarHeader"]::before { content: "Lobule"; color: transparent; flex: none;
  width: 132px; height: 32px; background: url("data:image/svg+xml,LOGO") no-repeat; }
.stMainBlockContainer { padding: 4.1rem 1.75rem 1.5rem; max-width: 1500px; }
.stSidebar [data-testid="stSidebarUserContent"] { padding-top: .5rem; }
.lobule-answer { display: flex; flex-wrap: wrap; align-items: baseline; gap: .1rem 1rem;
  justify-content: space-between; }
.stHtml .lobule-answer :is(h2, h3) { margin: 0; padding: 0; font-size: 1.75rem;
  line-height: 1.25; }
.stHtml .lobule-answer h3 { font-size: 1.35rem; }
.lobule-list.lobule-reasons { list-style: none; padding: 0; }
.lobule-answer :is(h2, h3) span[aria-hidden] { color: var(--mark); margin-right: .5rem;
  font-size: .85em; }
.lobule-answer output { font-size: 1.75rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.lobule-of { opacity: .75; font-size: .9rem; font-weight: 400; margin-left: .5rem; }
.lobule-bar { position: relative; height: 1.1rem; border-radius: 4px; margin: 1.5rem 0 .15rem;
  background: color-mix(in srgb, currentColor 13%, transparent); }
.lobule-fill { height: 100%; border-radius: 4px; background: var(--mark); min-width: 2px; }
.lobule-point { position: absolute; top: -.3rem; bottom: -.3rem; width: 0;
  border-left: 2px solid currentColor; }
.lobule-point span { position: absolute; bottom: 100%; white-space: nowrap; font-size: .8rem;
  line-height: 1.2; transform: translateX(-50%); }
.lobule-point.left span { transform: translateX(-.3rem); }
.lobule-point.right span { transform: translateX(calc(-100% + .3rem)); }
.lobule-ends { display: flex; justify-content: space-between; font-size: .8rem; opacity: .75; }
.lobule-ends b { font-weight: 400; }
.lobule-classes { display: grid; grid-template-columns: max-content 1fr max-content;
  gap: .35rem .75rem; align-items: center; margin-top: .6rem; font-variant-numeric: tabular-nums; }
.lobule-classes .lobule-bar { margin: 0; height: .8rem; }
.lobule-file { display: flex; flex-wrap: wrap; gap: .2rem .6rem; align-items: center;
  font-size: .95rem; overflow-wrap: anywhere; }
.lobule-badge { border: 1px solid currentColor; border-radius: 4px; padding: 0 .45rem;
  font-size: .8rem; line-height: 1.5; white-space: nowrap; }
.lobule-notice { display: flex; gap: .6rem; padding: .5rem .75rem; border-radius: 4px;
  border-left: 4px solid var(--edge); font-size: .95rem; white-space: pre-line;
  background: color-mix(in srgb, var(--edge) 12%, transparent); overflow-wrap: anywhere; }
.lobule-warning { --edge: #c98a00; } .lobule-error { --edge: #c4314b; }
.lobule-note { --edge: #7d8790; }
.lobule-unseen { position: absolute; width: 1px; height: 1px; overflow: hidden;
  clip-path: inset(50%); padding: 0 !important; }
.st-key-pair { flex: none; overflow: hidden;
  height: clamp(11rem, calc((100cqw - 4rem) * var(--share, .35)), 30rem); }
.st-key-pair > *, .st-key-pair > * > *, .st-key-pair .stPlotlyChart,
.st-key-pair .stPlotlyChart > div { height: 100%; }
.stMainBlockContainer { container-type: inline-size; }
.lobule-two { display: grid; grid-template-columns: 1fr 1fr; gap: 0 2rem; }
.stHtml h3 { padding: .6rem 0 0; margin: 0; }
.stHtml h4 { padding: .6rem 0 .1rem; margin: 0; }
.lobule-two h3, .lobule-text h3 { padding: .9rem 0 .2rem; margin: 0; }
.lobule-text p { margin: 0; max-width: 80ch; }
.lobule-scroll { overflow-x: auto; }
[class*="st-key-beside"] [data-testid="stHorizontalBlock"] { flex-wrap: wrap; }
[class*="st-key-beside"] [data-testid="stColumn"] { min-width: min(25rem, 100%); }
.st-key-filters [data-testid="stHorizontalBlock"] { flex-wrap: wrap; }
.st-key-filters [data-testid="stColumn"] { min-width: 9rem; }
.lobule-table { border-collapse: collapse; width: 100%; font-size: .9rem;
  font-variant-numeric: tabular-nums; }
.lobule-table th, .lobule-table td { text-align: left; padding: .3rem .9rem .3rem 0;
  vertical-align: top; font-weight: 400;
  border-bottom: 1px solid color-mix(in srgb, currentColor 16%, transparent); }
.lobule-table thead th { opacity: .75; } .lobule-table tbody th { opacity: .75; }
.lobule-list { margin: 0; padding-left: 1.2rem; } .lobule-list li { margin: .15rem 0; }
.lobule-steps { line-height: 1.7; }
.lobule-finding .lobule-badge { margin-right: .4rem; }
.lobule-finding p { margin: .15rem 0; } .lobule-finding summary { cursor: pointer; opacity: .8; }
.lobule-bar.lobule-leak { margin-top: .4rem; }
.lobule-grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr));
  gap: .9rem .75rem; align-items: start; }
.lobule-grid figure, .lobule-strip figure { margin: 0; min-width: 0; }
.lobule-grid img, .lobule-strip img { width: 100%; max-height: 12rem; object-fit: contain;
  border-radius: 4px; display: block; }
.lobule-grid figcaption { display: flex; flex-direction: column; font-size: .85rem; }
.lobule-grid small { opacity: .75; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.lobule-none { display: grid; place-items: center; height: 4.5rem; min-width: 4.5rem; opacity: .75;
  font-size: .8rem; border: 1px dashed currentColor; border-radius: 4px; padding: 0 .3rem; }
.lobule-patient { display: grid; grid-template-columns: 11rem minmax(0, 1fr); gap: 1rem;
  padding: .5rem 0; font-size: .9rem; overflow-wrap: anywhere;
  border-bottom: 1px solid color-mix(in srgb, currentColor 16%, transparent); }
.lobule-strip { display: grid; grid-template-columns: repeat(8, minmax(0, 1fr)); gap: .3rem .4rem;
  align-items: start; }
@container (max-width: 46rem) {
  .lobule-strip { grid-template-columns: repeat(4, minmax(0, 1fr)); } }
.stButtonGroup [role=radio][aria-checked=true] { color: inherit; }
.lobule-quiet { opacity: .8; font-size: .9rem; margin-top: .3rem; }
.stHtml dl.lobule-numbers { padding: 0; margin: 0; }
.lobule-numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(7rem, 1fr));
  gap: .5rem 1rem; font-variant-numeric: tabular-nums; }
.lobule-numbers dt { opacity: .75; font-size: .85rem; font-weight: 400; }
.lobule-numbers dd { margin: 0; padding: 0; font-size: 1.05rem; }
.stSidebar [class*="st-key-show-"] button :is(div, span) { justify-content: flex-start; }
.lobule-facts { grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr)); }
.lobule-facts dd { font-size: .95rem; }
[class*="st-key-curves"] [data-testid="stHorizontalBlock"] { flex-wrap: wrap; }
[class*="st-key-curves"] [data-testid="stColumn"] { min-width: min(16rem, 100%); }
.lobule-file h2.lobule-model { padding: 0; margin: 0 .3rem 0 0; font-size: 1.3rem; }
.lobule-text details summary { cursor: pointer; opacity: .8; }
[class*="st-key-numbers-"] .stHtml { flex: 1 1 20rem; min-width: 12rem; }
[class*="st-key-numbers-"] .lobule-quiet { margin: 0; }
.lobule-numbers dd small { display: block; opacity: .75; font-weight: 400; }
.lobule-shot { font-size: .85rem; line-height: 1.35; overflow-wrap: anywhere; }
.lobule-shot small { opacity: .8; }
.lobule-shot img { width: 100%; max-height: 16rem; object-fit: contain; border-radius: 4px; }
.stHtml dl.lobule-head dd { font-size: 1.15rem; font-weight: 600; }
.lobule-head { grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); }
.lobule-pairs { grid-template-columns: minmax(11rem, 2fr) 1fr; }
.lobule-strip figcaption { font-size: .7rem; line-height: 1.2; }
.st-key-desk { padding-top: .6rem; flex-direction: row; flex-wrap: wrap; align-items: flex-start;
  gap: 1rem 1.5rem; }
.st-key-desk > .st-key-desk_case_and_images, .st-key-desk > :has(> .st-key-desk_case_and_images) {
  flex: 1 1 27rem; min-width: min(27rem, 100%); max-width: 100%; width: auto; }
.st-key-desk > .st-key-desk_image, .st-key-desk > :has(> .st-key-desk_image) {
  flex: 2 1 32rem; min-width: min(32rem, 100%); max-width: 100%; width: auto; }
.lobule-case p { margin: 0; }
.lobule-case { min-height: 7rem; }
.st-key-desk_state { min-height: 2.7rem; justify-content: center; }
.st-key-hint { flex-wrap: nowrap; } .st-key-hint .stHtml { flex: 1 1 auto; width: auto; }
</style>
""".replace("LOGO", quote(_LOGO))


def show() -> None:
    """Let what is drawn be seen: the style sheet hides it until this has come too."""
    st.html(_DRAWN)


def hold_sidebar() -> None:
    """Have the sidebar there before the page fills it, or it would push all else aside."""
    st.sidebar.html(_DRAWN)


def mark_of(name: str, positive: str | None) -> Mark:
    """Return the mark of a class; tasks without a positive class have one mark for all."""
    if positive is None:
        return NEUTRAL
    return POSITIVE if name == positive else NEGATIVE
