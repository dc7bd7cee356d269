import csv
import io

from core.training.sweep.table import result_csv
from tests.pages.made_up_sweeps import result


def test_its_file_holds_numbers_and_runs_nothing() -> None:
    content = result_csv(result(best="=cmd()", failed={"huge": "+memory; ran out"}))
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert len({len(line) for line in lines}) == 1
    narrow, formula, nested, colour, huge = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    assert {row["dataset"] for row in (narrow, nested, huge)} == {"IDC"}
    assert (narrow["images"], narrow["patients"]) == ("1234", "56")
    assert (narrow["validation_auroc"], narrow["auroc"]) == ("0.912", "0.871")
    assert (narrow["folds_chosen"], narrow["folds"], narrow["minutes"]) == ("7", "10", "61.5")
    assert (float(narrow["behind_winner"]), narrow["behind_winner_low"]) == (0, "")
    assert formula["candidate"] == "'=cmd()"
    assert float(formula["behind_winner"]) == -0.012
    assert (formula["behind_winner_low"], formula["behind_winner_high"]) == ("-0.031", "0.007")
    assert nested["candidate"] == "chosen anew in each fold"
    assert (nested["auroc"], nested["auroc_low"], nested["auroc_high"]) == (
        *("0.866", "0.801", "0.913"),
    )
    assert (nested["balanced_accuracy"], nested["validation_auroc"]) == ("0.79", "")
    assert (colour["candidate"], colour["auroc"]) == ("colour alone", "0.791")
    assert (huge["no_answer"], huge["auroc"]) == ("'+memory; ran out", "")
