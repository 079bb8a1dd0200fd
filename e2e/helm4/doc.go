// Package helm4 runs syncgate as a post-renderer of the real Helm 4. A module of its own: Helm 4 needs newer Kubernetes
// libraries than Helm 3, and both cannot be built from one module at their own.
package helm4
