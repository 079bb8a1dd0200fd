package argocd

import (
	"fmt"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"

	"github.com/syncgate/syncgate/render"
)

// plugin says how a source with a config-management plugin is rendered.
func (a *application) plugin(_ *render.Source, s *v1alpha1.ApplicationSource, _ *v1alpha1.Env) *render.Error {
	name := ""
	if s.Plugin != nil {
		name = s.Plugin.Name
	}
	return &render.Error{Msg: fmt.Sprintf("what the plugin %q renders is not known here", name),
		Hint: "pass --allow-unresolved, and have the plugin's own output checked"}
}
