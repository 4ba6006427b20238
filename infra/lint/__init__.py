"""Rules of our own for cfn-lint: `infra/check.sh` runs them, and holds them against `broken.yaml` first."""
