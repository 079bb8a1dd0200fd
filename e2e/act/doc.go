// Package act runs action.yml for real, with nektos/act in host mode.
package act
