# make demo     everything in a minute, on drawn photos; needs Python and make, installs no torch
# make test     sets up and tests everything
# make lint     style, types, imports
# make bench    the measurements of benchmarks/README.md, with the photos in ../shared where they are
# make docs     writes the command reference anew

PYTHON ?= python3
BASE := .venv-base
DEV := .venv
TRANSLATIONS := $(wildcard src/taxolens/languages/locale/*/LC_MESSAGES/*.po)
INSTALL := -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test lint bench docs demo-models
.DEFAULT_GOAL := demo

demo: $(BASE)/.ready
	$(BASE)/bin/taxolens demo --out taxolens-demo

test: $(DEV)/.ready lint
	$(DEV)/bin/python -m pytest -n auto --dist worksteal

lint: $(DEV)/.ready
	$(DEV)/bin/ruff check .
	$(DEV)/bin/ruff format --check .
	$(DEV)/bin/mypy
	$(DEV)/bin/lint-imports

bench: $(DEV)/.ready
	$(DEV)/bin/python -m benchmarks.accuracy
	$(DEV)/bin/python -m benchmarks.speed
	$(DEV)/bin/python -m benchmarks.inspect
	$(DEV)/bin/python -m benchmarks.prepare

docs: $(DEV)/.ready
	$(DEV)/bin/python -m tools.reference docs/commands.md

demo-models: $(DEV)/.ready
	$(DEV)/bin/python -m tools.backbone.train --out src/taxolens/modelfile/shipped/taxolens-tiny.onnx

$(BASE)/.ready: pyproject.toml hatch_build.py constraints.txt $(TRANSLATIONS)
	$(PYTHON) -m venv $(BASE)
	$(BASE)/bin/python $(INSTALL) -e .
	touch $@

# torch first and alone: asked for together with the rest, a resolver may take a build for graphics cards.
# The last line without requirements: these libraries bring a second OpenCV, which would replace the first, or old parts
$(DEV)/.ready: pyproject.toml hatch_build.py constraints.txt $(TRANSLATIONS)
	$(PYTHON) -m venv $(DEV)
	$(DEV)/bin/python $(INSTALL) torch
	$(DEV)/bin/python $(INSTALL) -e '.[train,dev]'
	$(DEV)/bin/python $(INSTALL) --no-deps megadetector-utils libreyolo tritonclient ultralytics ultralytics-thop
	touch $@
