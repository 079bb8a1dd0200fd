package check

import corev1 "k8s.io/api/core/v1"

// setDefaults does to a pod what the API server does before admission sees it, where a check would notice: a volume
// that names no source is an emptyDir. raw is the spec as decoded JSON: a source that this version of the API does not
// know is no missing source.
func setDefaults(raw any, spec *corev1.PodSpec) {
	m, _ := raw.(map[string]any)
	volumes, _ := m["volumes"].([]any)
	for i := range spec.Volumes {
		if i < len(volumes) && namesNoSource(volumes[i]) {
			spec.Volumes[i].EmptyDir = &corev1.EmptyDirVolumeSource{}
		}
	}
}

func namesNoSource(volume any) bool {
	m, ok := volume.(map[string]any)
	for key, value := range m {
		if key != "name" && value != nil {
			return false
		}
	}
	return ok
}
