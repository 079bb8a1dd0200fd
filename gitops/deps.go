//go:build deps

// Package gitops keeps the modules that its folders are built on at the versions that compile together.
package gitops

import (
	_ "github.com/bitnami-labs/sealed-secrets/pkg/apis/sealedsecrets/v1alpha1"
	_ "k8s.io/kubernetes/pkg/apis/core/validation"
)
