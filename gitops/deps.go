//go:build deps

// Package gitops keeps the modules that its folders are built on at the versions that compile together.
package gitops

import (
	_ "github.com/argoproj/argo-cd/v2/applicationset/controllers/template"
	_ "github.com/argoproj/argo-cd/v2/applicationset/generators"
	_ "github.com/argoproj/argo-cd/v2/applicationset/utils"
	_ "k8s.io/kubernetes/pkg/apis/core/validation"
)
