"""The map of an answer as DICOM: as a segmentation, or as a parametric map of probabilities."""

from typing import TYPE_CHECKING, Any

import numpy as np

from core.slides.answering.load import SlideAnswer
from core.slides.export.dicom_context import (
    DERIVED,
    MADE,
    SERIES_NUMBERS,
    DicomContext,
    saved,
    uid_of,
)

if TYPE_CHECKING:
    from highdicom import AlgorithmIdentificationSequence

_TILE = (256, 256)
_LABEL = 16  # letters of a code string
_DESCRIPTION = 64
NOTHING = -1.0
"""Value of a pixel of the parametric map that was not answered."""
TISSUE, REACHED = 1, 2
"""Segments: tissue that was answered, and where the probability reaches the threshold."""


def dicom_segmentation(answer: SlideAnswer, context: DicomContext) -> bytes:
    """Return two segments: tissue that was answered, and what reaches the threshold."""
    import highdicom as hd  # noqa: PLC0415 - takes a while
    from pydicom.sr.codedict import codes  # noqa: PLC0415

    chances = answer.map_on_tissue
    tissue = answer.plan.tissue & ~np.isnan(chances)
    with np.errstate(invalid="ignore"):
        reached = chances >= answer.threshold
    shown = answer.classes[answer.shown]
    shown_code = hd.sr.CodedConcept("class", "99LOBULE", shown[:_DESCRIPTION])
    about = (("Tissue", codes.SCT.Tissue), (shown, shown_code))
    segments = [
        hd.seg.SegmentDescription(
            segment_number=number,
            segment_label=label[:_DESCRIPTION],
            segmented_property_category=codes.SCT.Tissue
            if number == TISSUE
            else codes.SCT.MorphologicallyAbnormalStructure,
            segmented_property_type=kind,
            algorithm_type=hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
            algorithm_identification=algorithm(answer),
            tracking_uid=uid_of(answer.id, "segment", str(number)),
            tracking_id=f"{answer.id}/{number}",
        )
        for number, (label, kind) in enumerate(about, start=1)
    ]
    made = hd.seg.Segmentation(
        source_images=[context.source],
        pixel_array=np.stack([tissue, reached], axis=-1)[np.newaxis].astype(np.uint8),
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=segments,
        series_instance_uid=uid_of(answer.id, "segmentation series"),
        series_number=SERIES_NUMBERS["segmentation"],
        sop_instance_uid=uid_of(answer.id, "segmentation"),
        instance_number=1,
        content_label="REGIONS",
        content_description=_description(answer, context),
        tile_pixel_array=True,
        tile_size=_TILE,
        omit_empty_frames=False,
        dimension_organization_type=hd.DimensionOrganizationTypeValues.TILED_FULL,
        **_placed(answer, context),
        **MADE,
    )
    return saved(made)


def dicom_map(answer: SlideAnswer, context: DicomContext) -> bytes:
    """Return the probabilities as 32-bit floating-point numbers; `NOTHING` where there is none.

    `NOTHING` is stated as padding (Float Pixel Padding Value, PS3.3 C.7.6.24). It lies within the
    range of the real world value mapping: readers refuse a frame with a value outside.
    """
    import highdicom as hd  # noqa: PLC0415 - takes a while
    from pydicom.sr.codedict import codes  # noqa: PLC0415

    shown = answer.classes[answer.shown]
    values = np.nan_to_num(answer.map_on_tissue, nan=NOTHING).astype(np.float32)
    mapping = hd.pm.RealWorldValueMapping(
        lut_label="PROBABILITY",
        lut_explanation=f"Probability of {shown}, -1 where there is none"[:_DESCRIPTION],
        unit=codes.UCUM.NoUnits,
        value_range=(NOTHING, 1.0),
        intercept=0,
        slope=1,
        quantity_definition=codes.DCM.Probability,
    )
    made = hd.pm.ParametricMap(
        source_images=[context.source],
        pixel_array=values[np.newaxis],
        series_instance_uid=uid_of(answer.id, "map series"),
        series_number=SERIES_NUMBERS["map"],
        sop_instance_uid=uid_of(answer.id, "map"),
        instance_number=1,
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[mapping],
        voi_lut_transformations=[hd.VOILUTTransformation(window_center=0.5, window_width=1.0)],
        content_label="PROBABILITY",
        content_description=_description(answer, context),
        tile_pixel_array=True,
        tile_size=_TILE,
        dimension_organization_type=hd.DimensionOrganizationTypeValues.TILED_FULL,
        **_placed(answer, context),
        **MADE,
    )
    made.FloatPixelPaddingValue = NOTHING
    return saved(made)


def algorithm(answer: SlideAnswer) -> "AlgorithmIdentificationSequence":
    """Return the model as DICOM names algorithms."""
    import highdicom as hd  # noqa: PLC0415 - takes a while
    from pydicom.sr.codedict import codes  # noqa: PLC0415

    return hd.AlgorithmIdentificationSequence(
        name=answer.plan.card.name,
        family=codes.DCM.ArtificialIntelligence,
        version=answer.plan.model_sha256[:_LABEL],
        source="Lobule",
    )


def _description(answer: SlideAnswer, context: DicomContext) -> str:
    words = DERIVED if context.derived else f"{answer.plan.card.name}, for research use only"
    return words[:_DESCRIPTION]


def _placed(answer: SlideAnswer, context: DicomContext) -> dict[str, Any]:
    """How the map lies on the glass: its first pixel is larger than the slide's."""
    import highdicom as hd  # noqa: PLC0415 - takes a while

    plan = answer.plan
    across = plan.slide["width"] / plan.map_grid.width
    down = plan.slide["height"] / plan.map_grid.height
    return {
        "pixel_measures": hd.PixelMeasuresSequence(
            pixel_spacing=(context.spacing[0] * down, context.spacing[1] * across),
            slice_thickness=0.001,
        ),
        "plane_orientation": hd.PlaneOrientationSequence("SLIDE", context.orientation),
        "plane_positions": [
            hd.PlanePositionSequence(
                "SLIDE",
                image_position=context.place(across / 2, down / 2),
                pixel_matrix_position=(1, 1),
            )
        ],
    }
