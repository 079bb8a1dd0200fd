//go:build tools

// Package act runs action.yml for real, with nektos/act in host mode.
package act

import _ "github.com/nektos/act"
