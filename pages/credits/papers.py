"""The papers that Lobule rests on, by what each is for."""

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
