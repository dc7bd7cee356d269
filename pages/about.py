"""About: what Lobule is and is not, versions, licences, and whom to cite."""

import platform

import streamlit as st

from core.errors import LobuleError
from core.registry.shelf import shelf
from pages.frame.versions import libraries, lobule_version
from pages.shared.entrance import enter_through_app
from pages.shared.plain import as_html, notice, table

RESEARCH = (
    "Lobule is decision support for research. It is not a medical device: no authority has cleared "
    "it, its answers are no diagnosis, and they must not guide the care of a patient. Its models "
    "were trained on images of few patients from few laboratories; each model's card says how few, "
    "and what it must not be used for."
)
PRIVACY = (
    "Images stay on the machine that runs Lobule, in memory, unless you save a case. Nothing is "
    "sent anywhere: no telemetry, no fonts, no scripts from elsewhere. Downloads of datasets and "
    "ImageNet weights happen only when you ask for them."
)
PAPERS = (
    (
        "Grad-CAM",
        (
            "Selvaraju et al. Grad-CAM: Visual explanations from deep networks via gradient-based "
            "localization. ICCV 2017, doi:10.1109/ICCV.2017.74."
        ),
    ),
    (
        "Grad-CAM++",
        (
            "Chattopadhyay et al. Grad-CAM++: Generalized gradient-based visual explanations for "
            "deep convolutional networks. WACV 2018, doi:10.1109/WACV.2018.00097."
        ),
    ),
    (
        "LayerCAM",
        (
            "Jiang et al. LayerCAM: Exploring hierarchical class activation maps for localization. "
            "IEEE Transactions on Image Processing 30, 2021, doi:10.1109/TIP.2021.3089943."
        ),
    ),
    (
        "Score-CAM",
        (
            "Wang et al. Score-CAM: Score-weighted visual explanations for convolutional neural "
            "networks. CVPR Workshops 2020, doi:10.1109/CVPRW50498.2020.00020."
        ),
    ),
    (
        "SmoothGrad",
        "Smilkov et al. SmoothGrad: removing noise by adding noise. 2017, arXiv:1706.03825.",
    ),
    (
        "Occlusion",
        (
            "Zeiler, Fergus. Visualizing and understanding convolutional networks. ECCV 2014, "
            "doi:10.1007/978-3-319-10590-1_53."
        ),
    ),
    (
        "Randomisation test",
        "Adebayo et al. Sanity checks for saliency maps. NeurIPS 2018, arXiv:1810.03292.",
    ),
    ("Calibration", "Guo et al. On calibration of modern neural networks. ICML 2017."),
    (
        "Undecided",
        "Sadinle, Lei, Wasserman. Least ambiguous set-valued classifiers. JASA, 2019.",
    ),
    ("Out of scope", "Lee et al. Detecting out-of-distribution samples. NeurIPS 2018."),
    ("Stain separation", "Ruifrok, Johnston. Quantification of histochemical staining. 2001."),
    ("Stain normalisation", "Macenko et al. ISBI 2009; Reinhard et al. IEEE CG&A 21, 2001."),
    ("Model cards", "Mitchell et al. Model cards for model reporting. FAT* 2019."),
    ("BreaKHis", "Spanhol et al. IEEE Transactions on Biomedical Engineering 63, 2016."),
    ("IDC patches", "Cruz-Roa et al. SPIE Medical Imaging 2014."),
    ("IDC patches", "Janowczyk, Madabhushi. Journal of Pathology Informatics 7:29, 2016."),
)
KEYS = (
    ("J", "next image of the case"),
    ("K", "previous image"),
    ("A", "agree with the answer; again takes it back"),
    ("D", "disagree; again takes it back"),
)


def show_models() -> None:
    """Draw the models at hand with their hashes."""
    try:
        entries = shelf()
    except LobuleError as error:
        notice(str(error), "error")
        return
    rows = [
        (entry.name, entry.package.card.title, entry.package.model_sha256[:16])
        for entry in entries
        if entry.package
    ]
    if rows:
        table(("Model", "What it tells", "SHA-256 begins"), rows, caption="Models at hand")


enter_through_app(__file__)
st.title("About Lobule", anchor=False)
st.html(
    f'<div class="lobule-text"><h3>For research only</h3><p>{as_html(RESEARCH)}</p>'
    f"<h3>Your images</h3><p>{as_html(PRIVACY)}</p></div>"
)
st.html("<h3>Keys on the Diagnose page</h3>")
table(("Key", "What it does"), list(KEYS), caption="Keys on the Diagnose page")
st.html("<h3>Models</h3>")
show_models()
st.html("<h3>Whom to cite</h3>")
table(("For", "Paper"), list(PAPERS), caption="Papers")
st.html("<h3>Versions and licences</h3>")
table(
    ("Library", "Version", "Licence"),
    [
        ("Lobule", lobule_version(), "Apache-2.0; models and data: see NOTICE"),
        ("Python", platform.python_version(), "PSF-2.0"),
        *libraries(),
    ],
    caption="Versions and licences",
)
