# Two commands are enough: `make app` and `make test`. Both install what they need into .venv.

PORT ?= 8501
DATA ?= ../shared/data
WEIGHTS ?= ../shared/weights
BREAKHIS ?= var/downloads/breakhis
PYTHON := .venv/bin/python
# Two cores; a number.
WORKERS ?= 2
PYTEST = $(PYTHON) -m pytest --dist loadfile --no-loadscope-reorder
# One process more, since tests wait now and then, for processes that they start.
TESTS = $(PYTEST) -n $$(($(WORKERS) + 1)) --ignore tests/browser
# A page waits for its browser and the browser for its page: two journeys at a time fill two cores.
JOURNEYS = LOBULE_CHROMIUM="$$(.ci/browser --install)" $(PYTEST) -n $(WORKERS) tests/browser
MODELS := idc breakhis-binary
# What `make app` installs on request: make app EXTRAS="sign-in postgresql"
EXTRAS ?=
ALL_EXTRAS := cluster encoders fonts jax postgresql sign-in
export TF_CPP_MIN_LOG_LEVEL ?= 2
# Tests start hundreds of processes: each would compile all modules again.
unexport PYTHONDONTWRITEBYTECODE

# One version of each package for Python 3.11 to 3.13; hashes, so that no other file can slip in.
COMPILE := UV_CUSTOM_COMPILE_COMMAND="make lock" $(PYTHON) -m uv pip compile --quiet --no-config \
	--universal --python-version 3.11 --fork-strategy fewest --generate-hashes

.PHONY: help app test test-all lint types tests journeys more-tests more-journeys quick mutants lock models breakhis bench clean .dev

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1	\2/p' Makefile | expand -t 16

app: ## Install what is needed and start Lobule on http://localhost:8501 (also: PORT=8600, EXTRAS="fonts sign-in")
	@.ci/install app $(EXTRAS)
	@echo "Lobule: http://localhost:$(PORT)  (Ctrl-C ends it)"
	@exec $(PYTHON) -m streamlit run app.py --server.address=localhost --server.port=$(PORT) \
		--server.headless=true --browser.gatherUsageStats=false \
		--server.maxUploadSize=$${LOBULE_MAX_IMAGE_MEGABYTES:-200}

test: lint types tests journeys ## Check format, lint and types, and run the tests

test-all: test more-tests more-journeys ## The same, then every network, every place to be killed and all pictures

lint: .dev
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .

types: .dev
	$(PYTHON) -m pyrefly check

# More threads would wait for each other.
tests more-tests: export OMP_NUM_THREADS := 1
tests more-tests: export TF_NUM_INTRAOP_THREADS := 1
tests more-tests: export TF_NUM_INTEROP_THREADS := 1

tests: .dev
	$(TESTS) -m "not exhaustive"

journeys: .dev
	$(JOURNEYS) -m "not exhaustive"

more-tests: .dev
	$(TESTS) -m exhaustive

more-journeys: .dev
	$(JOURNEYS) -m exhaustive

quick: .dev ## Run the tests that take seconds
	$(PYTHON) -m pytest --ignore tests/browser -m "not slow and not exhaustive"

mutants: .dev ## Put bugs into a copy, one by one, and see that the tests notice each
	$(PYTHON) tests/mutants/run.py

lock: .dev ## Resolve each requirements file into its lock file
	$(COMPILE) --output-file requirements.lock requirements.txt
	@for name in $(ALL_EXTRAS); do $(COMPILE) --constraints requirements.lock \
		--output-file requirements-$$name.lock requirements-$$name.txt || exit 1; done
	$(COMPILE) --constraints requirements.lock $(ALL_EXTRAS:%=--constraints requirements-%.lock) \
		--output-file requirements-dev.lock requirements-dev.txt

models: .dev ## Train the shipped models again (DATA=folder of idc/ and breakhis/, WEIGHTS=of ImageNet weights)
	@for name in $(MODELS); do LOBULE_WEIGHTS="$(WEIGHTS)" $(PYTHON) -m core train --recipe $$name \
		--data "$(DATA)/$${name%%-*}" --name $$name --folder models --replace && \
		$(PYTHON) -m core models vouch $$name && \
		$(PYTHON) -m core explain check $$name --shipped || exit 1; done
	$(PYTHON) -m core explain where idc --regions "$(DATA)/regions" --um-per-px 0.25 --shipped \
		--only gradcam --only gradcam++ --only layercam --only scorecam \
		--called "of breast cancer at 0.25 µm/px with the pathologists' mask (BCSS, Amgad et al. 2019)"

breakhis: .dev ## Train on the whole of BreaKHis once it is downloaded (BREAKHIS=its folder, WEIGHTS=of ImageNet weights)
	LOBULE_WEIGHTS="$(WEIGHTS)" $(PYTHON) -m core train --recipe breakhis-binary \
		--data "$(BREAKHIS)" --name breakhis-full --replace
	$(PYTHON) -m core explain check breakhis-full
	$(PYTHON) -m core models show breakhis-full

bench: .dev ## Print the figures of benchmarks/
	@for script in benchmarks/*.py; do echo "== $$script"; PYTHONPATH=. $(PYTHON) "$$script" || exit 1; done

clean: ## Remove the environment and caches (var/, with your models and runs, stays)
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis
	find core pages tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

.dev:
	@.ci/install dev
