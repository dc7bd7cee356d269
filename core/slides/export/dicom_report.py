"""An answer as a DICOM structured report: what was measured of the slide and of its regions."""

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from core.slides.answering.load import SlideAnswer
from core.slides.export.dicom_context import MADE, SERIES_NUMBERS, DicomContext, saved, uid_of
from core.slides.export.regions import OutlinedRegion, regions_of

if TYPE_CHECKING:
    from highdicom.sr import (
        AlgorithmIdentification,
        CodedConcept,
        Measurement,
        MeasurementsAndQualitativeEvaluations,
        PlanarROIMeasurementsAndQualitativeEvaluations,
        TrackingIdentifier,
    )

MOST = 50
"""Regions that are reported, those with most tissue."""
_SCHEME = "99LOBULE"
_DESCRIPTION = 64
_CODE = 16  # letters


def dicom_report(answer: SlideAnswer, context: DicomContext) -> bytes:
    """Return a Comprehensive 3D SR after template 1500, its regions as outlines on the glass."""
    import highdicom as hd  # noqa: PLC0415 - takes a while
    from pydicom.sr.codedict import codes  # noqa: PLC0415

    groups: list[Any] = [_slide(answer, context)]
    groups += [
        _region(answer, context, region, number)
        for number, region in enumerate(regions_of(answer)[:MOST], start=1)
    ]
    observer = hd.sr.ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=hd.sr.DeviceObserverIdentifyingAttributes(
            uid=uid_of("lobule"), name="Lobule", model_name=answer.plan.card.name
        ),
    )
    report = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(observer_device_context=observer),
        procedure_reported=hd.sr.CodedConcept(
            "104210008", "SCT", "Hematoxylin and eosin stain method"
        ),
        imaging_measurements=groups,
        title=codes.DCM.ImagingMeasurementReport,
    )
    made = hd.sr.Comprehensive3DSR(
        evidence=[context.source],
        content=report[0],
        series_instance_uid=uid_of(answer.id, "report series"),
        series_number=SERIES_NUMBERS["report"],
        sop_instance_uid=uid_of(answer.id, "report"),
        instance_number=1,
        manufacturer=MADE["manufacturer"],
        is_complete=True,
        is_final=False,
        is_verified=False,
    )
    return saved(made)


def _slide(answer: SlideAnswer, context: DicomContext) -> "MeasurementsAndQualitativeEvaluations":
    """Return what was measured of the whole slide."""
    import highdicom as hd  # noqa: PLC0415 - takes a while

    summary = answer.summary or {}
    positive = summary["positive"]
    shown = answer.classes[answer.shown]
    chances = summary["probabilities"]
    measured = [
        _area("Tissue that was answered", positive["answered_mm2"]),
        _area(f"Tissue where {shown} reaches the threshold", positive["mm2"]),
        _area("Tissue out of scope", summary["out_of_scope"]["mm2"]),
    ]
    if chances is not None:
        measured.append(_chance(f"Probability of {shown}", chances[answer.shown]))
    measured.append(_chance(f"Threshold of {shown}", answer.threshold))
    word = hd.sr.QualitativeEvaluation(
        name=hd.sr.CodedConcept("slide-outcome", _SCHEME, "Outcome of the slide, research use"),
        value=_own(summary["outcome"]["name"]),
    )
    return hd.sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(answer, "slide"),
        algorithm_id=_algorithm(answer),
        measurements=measured,
        qualitative_evaluations=[word],
        source_images=[hd.sr.SourceImageForMeasurementGroup.from_source_image(context.source)],
    )


def _region(
    answer: SlideAnswer, context: DicomContext, region: OutlinedRegion, number: int
) -> "PlanarROIMeasurementsAndQualitativeEvaluations":
    """Return what was measured of a region, with its outline in mm on the glass."""
    import highdicom as hd  # noqa: PLC0415 - takes a while

    shown = answer.classes[answer.shown]
    outline = np.array([context.place(x, y) for x, y in region.exterior])
    return hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(answer, f"region {number}"),
        referenced_region=hd.sr.ImageRegion3D(
            graphic_type=hd.sr.GraphicTypeValues3D.POLYGON,
            graphic_data=outline,
            frame_of_reference_uid=context.source.FrameOfReferenceUID,
        ),
        finding_type=_own(shown),
        algorithm_id=_algorithm(answer),
        measurements=[
            _area("Area within the outline", region.area_mm2),
            _area("Tissue within the outline", region.tissue_mm2),
            _chance(f"Mean probability of {shown}", region.mean),
            _chance(f"Highest probability of {shown}", region.highest),
            _chance("Out of scope, share of its tissue", region.out_of_scope),
        ],
    )


def _area(meaning: str, value: float) -> "Measurement":
    import highdicom as hd  # noqa: PLC0415 - takes a while
    from pydicom.sr.codedict import codes  # noqa: PLC0415

    return hd.sr.Measurement(_own(meaning), value, codes.UCUM.SquareMillimeter)


def _chance(meaning: str, value: float) -> "Measurement":
    import highdicom as hd  # noqa: PLC0415 - takes a while
    from pydicom.sr.codedict import codes  # noqa: PLC0415

    return hd.sr.Measurement(_own(meaning), value, codes.UCUM.NoUnits)


def _own(meaning: str) -> "CodedConcept":
    """Return a concept that no common dictionary has, under a code that follows from its words."""
    import highdicom as hd  # noqa: PLC0415 - takes a while

    code = re.sub(r"[^a-z0-9]+", "-", meaning.casefold()).strip("-")[:_CODE] or "class"
    return hd.sr.CodedConcept(code, _SCHEME, meaning[:_DESCRIPTION])


def _tracking(answer: SlideAnswer, part: str) -> "TrackingIdentifier":
    import highdicom as hd  # noqa: PLC0415 - takes a while

    return hd.sr.TrackingIdentifier(
        uid=uid_of(answer.id, "tracking", part), identifier=f"{answer.id}: {part}"
    )


def _algorithm(answer: SlideAnswer) -> "AlgorithmIdentification":
    import highdicom as hd  # noqa: PLC0415 - takes a while

    return hd.sr.AlgorithmIdentification(
        name=answer.plan.card.name,
        version=answer.plan.model_sha256[:_CODE],
        parameters=[f"threshold {answer.threshold:.6f}", "for research use only"],
    )
