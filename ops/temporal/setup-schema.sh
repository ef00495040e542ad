#!/bin/sh
# Brings the schemas of Temporal's two databases up to date; they are there, and empty at first. Safe to repeat.
set -eu
SQL_PASSWORD="$(cat /run/own/database-password)"
export SQL_PASSWORD
for pair in temporal:temporal temporal_visibility:visibility; do
  database="${pair%%:*}"
  tool() { temporal-sql-tool --plugin postgres12 --ep postgres --port 5432 --user temporal --db "$database" "$@"; }
  tool setup-schema --version 0.0
  tool update-schema --schema-dir "/etc/temporal/schema/postgresql/v12/${pair##*:}/versioned"
done
