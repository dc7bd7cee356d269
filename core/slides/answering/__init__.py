"""Slides answered tile by tile in processes of their own: started, watched, cancelled, resumed.

Importing this loads no TensorFlow.
"""

from core.slides.answering.load import SlideAnswer, load_answer
from core.slides.answering.start import (
    answer_here,
    cancel,
    look_at,
    read_log,
    resume,
    resume_here,
    start,
    work_on,
)
from core.slides.answering.state import AnswerState, answers_of, every_state, status

__all__ = [
    "AnswerState",
    "SlideAnswer",
    "answer_here",
    "answers_of",
    "cancel",
    "every_state",
    "load_answer",
    "look_at",
    "read_log",
    "resume",
    "resume_here",
    "start",
    "status",
    "work_on",
]
