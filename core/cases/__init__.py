"""The worklist: cases that a pathologist kept, with images, answers, verdicts and their trail."""
