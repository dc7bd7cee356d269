import csv
import io

from core.training.comparison_table import comparison_csv, flattery, pretrained_on, rows, titles
from tests.made_comparison import comparison


def test_every_row_has_a_cell_for_each_column_and_colour_alone_its_two_figures() -> None:
    columns = titles(comparison())
    *judged, colour = rows(comparison())
    assert {len(row) for row in judged} == {len(columns)}
    assert colour == ("colour alone", "0.777", "0.666")
    toy = dict(zip(columns, judged[0], strict=True))
    assert toy["AUROC"] == "0.912 (0.862 to 0.962)"
    assert toy["beyond colour alone"] == "+0.135 (0.105 to 0.165)"
    assert (toy["behind the best"], toy["stain shifted by 0.25"]) == ("best", "0.712")
    assert judged[2][-3:] == ("–", "–", "–"), "a recipe's network is not timed"


def test_choosing_is_charged_for_in_words() -> None:
    assert flattery(comparison()).endswith("choosing toy on these patients flatters by +0.032.")
    assert "too few patients" in flattery(comparison(charged=None))


def test_whoever_has_met_these_patients_is_named() -> None:
    assert pretrained_on(comparison()) == ("▲ =cmd(): It was pretrained on 3 of these patients.",)


def test_its_file_holds_numbers_and_runs_nothing() -> None:
    text = comparison_csv(comparison()).decode("utf-8-sig")
    toy, formula, recipe, colour = csv.DictReader(io.StringIO(text))
    assert (toy["auroc"], toy["images"], toy["patients"]) == ("0.912", "1234", "12")
    assert float(toy["behind_best"]) == 0
    assert formula["encoder"] == "'=cmd()"
    assert float(formula["behind_best_low"]) == 0.041 - 0.03
    assert recipe["megabytes"] == ""
    assert (colour["auroc"], colour["stain shifted by 0.1"]) == ("0.777", "0.6")
