package argocd

import "embed"

// Install are the files that add the plugin to an installation of Argo CD, below the folder install.
//
//go:embed install/*.yaml
var Install embed.FS
