#!/bin/sh
# What a crate generated from a whole operator list costs: generating it, building it, its size.
#
#   benches/generated_crate.sh path/to/native_functions.yaml
#
# Works in a folder of its own below target/, offline. Times are those of an otherwise idle machine.
set -eu

list=$(realpath "$1")
root=$(cd "$(dirname "$0")/.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
crate=$target/generated-crate
mkdir -p "$crate/src"

cargo build --quiet --release --offline --manifest-path "$root/Cargo.toml" -p keyway-cli
"$target/release/keyway" check "$list" | tail -n 1
"$target/release/keyway" expand "$list" --out "$crate/src"

cat > "$crate/Cargo.toml" <<TOML
[package]
name = "generated-crate"
version = "0.0.0"
edition = "2024"

[dependencies]
keyway = { path = "$root/runtime" }

[workspace]
TOML
cp "$root/Cargo.lock" "$crate/Cargo.lock"
printf '//! Every operator of a list.\ninclude!("operators.rs");\n' > "$crate/src/lib.rs"

export CARGO_TARGET_DIR="$crate/target"
for profile in dev release; do
    folder=$([ "$profile" = dev ] && echo debug || echo release)
    # The first build is for the dependencies.
    cargo build --quiet --offline --profile "$profile" --manifest-path "$crate/Cargo.toml"
    cargo clean --quiet --offline --profile "$profile" --manifest-path "$crate/Cargo.toml" -p generated-crate
    echo "$profile build:"
    ( time -p cargo build --quiet --offline --profile "$profile" --manifest-path "$crate/Cargo.toml" ) 2>&1
    ls -l "$CARGO_TARGET_DIR/$folder/deps/"libgenerated_crate-*.rlib "$CARGO_TARGET_DIR/$folder/deps/"libgenerated_crate-*.rmeta |
        awk '{ print $5, $NF }'
done
