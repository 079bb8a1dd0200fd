//go:build bench

package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// generated writes a repository of n sources and returns a check of it: of ten sources one is a chart, three are
// overlays over a base of their own, the others are plain manifests.
func (b *bench) generated(dir string, n int) call {
	root := filepath.Join(dir, fmt.Sprint(n))
	for i := range n {
		at := fmt.Sprintf("apps/team-%d/app-%d", i%17, i)
		switch i % 10 {
		case 1:
			b.write(root, at+"/Chart.yaml", fmt.Sprintf("apiVersion: v2\nname: app-%d\nversion: 0.1.0\n", i))
			b.write(root, at+"/values.yaml", "replicas: 2\nimage: registry.example.com/app:1.2.3\n")
			b.write(root, at+"/templates/deployment.yaml", workload("{{ .Release.Name }}-app", "{{ .Values.image }}"))
		case 2, 5, 8:
			b.write(root, at+"/base/kustomization.yaml", "resources: [deployment.yaml]\n")
			b.write(root, at+"/base/deployment.yaml", workload("app", "registry.example.com/app:1.2.3"))
			b.write(root, at+"/prod/kustomization.yaml",
				fmt.Sprintf("namespace: team-%d\nresources: [../base]\npatches:\n- path: replicas.yaml\n", i%17))
			b.write(root, at+"/prod/replicas.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app\nspec:\n  replicas: 3\n")
		default:
			b.write(root, at+"/deployment.yaml", workload(fmt.Sprintf("app-%d", i), "registry.example.com/app:1.2.3"))
		}
	}
	return b.syncgate("check", "--root", root, root)
}

func (b *bench) write(root, name, content string) {
	file := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		b.Fatal(err)
	}
}

// workload is a Deployment as people write them, half of what restricted asks for in place.
func workload(name, image string) string {
	return fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata:
  name: %[1]s
  labels:
    app: %[1]s
spec:
  replicas: 2
  selector:
    matchLabels:
      app: %[1]s
  template:
    metadata:
      labels:
        app: %[1]s
    spec:
      securityContext:
        runAsNonRoot: true
      containers:
      - name: app
        image: %[2]s
        ports:
        - containerPort: 8080
        env:
        - name: LOG_LEVEL
          value: info
        securityContext:
          allowPrivilegeEscalation: false
        resources:
          requests:
            cpu: 100m
            memory: 128Mi
`, name, image)
}
