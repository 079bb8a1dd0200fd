package check

import (
	"fmt"
	"reflect"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

/*
Volumes of a pod must be of a kind that gives no access to a node or to a storage backend of the pod author's choice.

Restricted fields:

	spec.volumes[*]: hostPath, gcePersistentDisk, awsElasticBlockStore, gitRepo, nfs, iscsi, glusterfs, rbd, flexVolume,
	cinder, cephfs, flocker, fc, azureFile, azureDisk, vsphereVolume, quobyte, portworxVolume, photonPersistentDisk,
	scaleIO, storageos

Allowed values: undefined. Every volume must be one of configMap, csi, downwardAPI, emptyDir, ephemeral, image,
persistentVolumeClaim, projected, secret.

Source: k8s.io/pod-security-admission/policy/check_restrictedVolumes.go
*/
func init() {
	registerPSS(pssRule{
		check: "restrictedVolumes",
		Rule: Rule{
			Title: "pods must only use allowed volume types",
			Why: "an inline volume of another type reaches the node's disk or a storage server directly, past the " +
				"administrator who hands out persistent volumes.",
			Example: Example{
				Bad: `spec:
  volumes:
  - name: data
    nfs:
      server: files.example.com
      path: /data`,
				Good: `spec:
  volumes:
  - name: data
    persistentVolumeClaim:
      claimName: data`,
			},
			Fix:   "manual: have the storage made a PersistentVolume, and use a persistentVolumeClaim.",
			OWASP: []string{"K01"},
			CIS:   []string{"5.2.12"},
		},
		pod: func(p *Pod, denied func(*Pod) bool) []pssOffence {
			var out []pssOffence
			for _, i := range deniedVolumes(p, denied) {
				out = append(out, restrictedVolume(p, i)...)
			}
			return out
		},
	})
}

func restrictedVolume(p *Pod, i int) []pssOffence {
	v, path := &p.Spec.Volumes[i], p.SpecPath().Key("volumes").At(i)
	switch kind := volumeType(v); kind {
	case "hostPath":
		return hostPathOffence(p, i)
	case "":
		return manual(path, "", fmt.Sprintf("volume %q must have an allowed type", v.Name),
			"its type is unknown: look for a misspelt field, or use a persistentVolumeClaim")
	case "gitRepo":
		return manual(path.Key(kind), kind, fmt.Sprintf("volume %q must not use type %q", v.Name, kind),
			"gitRepo runs git as root on the node and is being removed: clone in an init container into an emptyDir")
	default:
		return manual(path.Key(kind), kind, fmt.Sprintf("volume %q must not use type %q", v.Name, kind),
			"make the storage a PersistentVolume (through its CSI driver where there is one) and refer to it with a "+
				"persistentVolumeClaim")
	}
}

// volumeType is the field of a volume that says what it is, "" when there is none that this version of the API knows.
func volumeType(v *corev1.Volume) string {
	sources := reflect.ValueOf(v.VolumeSource)
	for i := range sources.NumField() {
		if !sources.Field(i).IsNil() {
			name, _, _ := strings.Cut(sources.Type().Field(i).Tag.Get("json"), ",")
			return name
		}
	}
	return ""
}
