# Two commands are all a newcomer needs: `make run` and `make test`.
PORT ?= 8080
GATEWAY_PORT ?= 8090
DEPARTMENT_PORT ?= 8091
HOSPITAL_PORT ?= 8092
MQTT_PORT ?= 1884
COAP_PORT ?= 5683
CAMERA_PORT ?= 1940
# Cameras need ffmpeg; without it the city has none.
VIDEO := $(if $(shell command -v ffmpeg),--video ffmpeg)
DATA ?= .demo
# Real series that are told again, where they are; see docs/how-to/connect-a-device.md.
SERIES ?= ../shared/data/iot
CARGO_TARGET_DIR ?= target
export CARGO_TARGET_DIR
BIN := $(CARGO_TARGET_DIR)/release/dipper

.PHONY: run test release gen bench setup setup-test web check deny deny-advisories e2e clean

# A living demo city on http://localhost:$(PORT): under a name, for passkeys are bound to names.
run: setup web
	cargo build --release --locked -p dipper
	$(BIN) demo seed --data $(DATA) --pack packs/demo --demo
	$(BIN) demo gateway --data $(DATA)/gateway --listen 127.0.0.1:$(GATEWAY_PORT) --city http://127.0.0.1:$(PORT) & gateway=$$!; \
	$(BIN) demo department --data $(DATA)/departments --listen 127.0.0.1:$(DEPARTMENT_PORT) --pack packs/demo & department=$$!; \
	$(BIN) demo hospital --data $(DATA)/hospitals --listen 127.0.0.1:$(HOSPITAL_PORT) --pack packs/demo & hospital=$$!; \
	$(BIN) demo devices --data $(DATA) --pack packs/demo --mqtt 127.0.0.1:$(MQTT_PORT) & devices=$$!; \
	$(BIN) demo replay --data $(DATA) --pack packs/demo --series $(SERIES) --mqtt 127.0.0.1:$(MQTT_PORT) & replay=$$!; \
	$(BIN) demo inspections --city http://127.0.0.1:$(PORT) & inspections=$$!; \
	$(BIN) demo cameras --data $(DATA) --pack packs/demo --port $(CAMERA_PORT) & cameras=$$!; \
	trap "kill $$gateway $$department $$hospital $$devices $$replay $$inspections $$cameras" EXIT; \
	$(BIN) serve --data $(DATA) --pack packs/demo --demo --listen 127.0.0.1:$(PORT) --base-url http://localhost:$(PORT) \
		--payment-gateway http://127.0.0.1:$(GATEWAY_PORT) --payment-secret $(DATA)/gateway/secret \
		--departments http://127.0.0.1:$(DEPARTMENT_PORT) --departments-secrets $(DATA)/departments/secrets \
		--mqtt 127.0.0.1:$(MQTT_PORT) --coap 127.0.0.1:$(COAP_PORT) $(VIDEO) \
		--hospitals http://127.0.0.1:$(HOSPITAL_PORT) --hospitals-secrets $(DATA)/hospitals/secrets

# Everything CI runs.
test: setup-test web check
	cargo test --workspace --locked
	npm --prefix web test
	$(MAKE) e2e

# Formatting, lints, house rules, generated files.
check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo run --locked -q -p xtask -- tidy
	cargo run --locked -q -p xtask -- gen --check

# Browser tests and black-box runs of the real binary on SQLite and PostgreSQL.
e2e: web
	cargo build --workspace --all-targets --locked
	npm --prefix e2e ci --no-audit --no-fund
	DIPPER_BIN=$(abspath $(CARGO_TARGET_DIR))/debug/dipper npm --prefix e2e test

# One file to hand to a city: dist/dipper
release: setup web
	cargo build --profile dist --locked -p dipper
	mkdir -p dist && cp $(CARGO_TARGET_DIR)/dist/dipper dist/dipper

# Everything that is generated: schemas, OpenAPI, API client, the demo city's geography.
gen: web/node_modules
	cargo run --locked -q -p xtask -- gen
	npm --prefix web run gen

bench: web
	cargo run --locked --release -q -p xtask -- bench

# Licences, banned crates and sources of dependencies; known faults need the network and are asked for by name.
deny: cargo-deny
	cargo deny --offline check bans licenses sources
deny-advisories: cargo-deny
	cargo deny check advisories
.PHONY: cargo-deny
cargo-deny:
	command -v cargo-deny >/dev/null || cargo install cargo-deny --locked

web/node_modules: web/package-lock.json
	npm --prefix web ci --no-audit --no-fund
	touch web/node_modules

web: web/.built
web/.built: $(shell find web -type f \( -name '*.ts' -o -name '*.vue' -o -name '*.css' -o -name '*.html' -o -name 'package*.json' -o -name '*.svg' \) -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)
	npm --prefix web ci --no-audit --no-fund
	npm --prefix web run build
	touch web/.built

setup:
	scripts/setup run
setup-test:
	scripts/setup test

clean:
	rm -rf $(CARGO_TARGET_DIR) dist web/.built web/apps/*/dist .demo
