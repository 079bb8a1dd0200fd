//go:build tools

// Package e2e runs syncgate beside the real commands.
package e2e

import (
	_ "helm.sh/helm/v3/cmd/helm"
	_ "sigs.k8s.io/kustomize/kustomize/v5"
)
