// Package helm4 runs syncgate as a post-renderer of the real Helm 4. It is a module of its own: Helm 4 and Helm 3 need
// other versions of the same libraries.
package helm4
