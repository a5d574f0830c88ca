// Provisioner makes folders of its node into PersistentVolumes. It runs on every node and makes the folder itself,
// so that a claim is bound as soon as the scheduler has chosen a node; a helper Pod for each volume takes seconds.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

const (
	// The name that kind's own StorageClass has, so that lessons read alike on its images and on this one.
	provisionerName = "rancher.io/local-path"
	selectedNode    = "volume.kubernetes.io/selected-node"
)

// folders provisions volumes below root on one node.
type folders struct {
	node string
	root string
}

// ShouldProvision takes the claims for which the scheduler has chosen this node.
func (f folders) ShouldProvision(_ context.Context, claim *v1.PersistentVolumeClaim) bool {
	return claim.Annotations[selectedNode] == f.node
}

// Provision makes the folder of a volume; every user may write there, as in kind's own images.
func (f folders) Provision(
	_ context.Context, options controller.ProvisionOptions,
) (*v1.PersistentVolume, controller.ProvisioningState, error) {
	claim := options.PVC
	for _, mode := range claim.Spec.AccessModes {
		if mode != v1.ReadWriteOnce && mode != v1.ReadWriteOncePod {
			return nil, controller.ProvisioningFinished, fmt.Errorf(
				"a folder of one node can be %s or %s, not %s", v1.ReadWriteOnce, v1.ReadWriteOncePod, mode)
		}
	}
	folder := filepath.Join(f.root, fmt.Sprintf("%s_%s_%s", options.PVName, claim.Namespace, claim.Name))
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	if err := os.Chmod(folder, 0o777); err != nil { // the umask has taken some of it
		return nil, controller.ProvisioningFinished, err
	}
	kind := v1.HostPathDirectoryOrCreate
	return &v1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: options.PVName},
		Spec: v1.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: *options.StorageClass.ReclaimPolicy,
			AccessModes:                   claim.Spec.AccessModes,
			Capacity:                      v1.ResourceList{v1.ResourceStorage: claim.Spec.Resources.Requests[v1.ResourceStorage]},
			PersistentVolumeSource: v1.PersistentVolumeSource{
				HostPath: &v1.HostPathVolumeSource{Path: folder, Type: &kind},
			},
			NodeAffinity: &v1.VolumeNodeAffinity{Required: &v1.NodeSelector{
				NodeSelectorTerms: []v1.NodeSelectorTerm{{
					MatchExpressions: []v1.NodeSelectorRequirement{{
						Key: v1.LabelHostname, Operator: v1.NodeSelectorOpIn, Values: []string{f.node},
					}},
				}},
			}},
		},
	}, controller.ProvisioningFinished, nil
}

// ShouldDelete takes the volumes that lie on this node.
func (f folders) ShouldDelete(_ context.Context, volume *v1.PersistentVolume) bool {
	affinity := volume.Spec.NodeAffinity
	if affinity == nil || affinity.Required == nil {
		return false
	}
	for _, term := range affinity.Required.NodeSelectorTerms {
		for _, wanted := range term.MatchExpressions {
			if wanted.Key == v1.LabelHostname && slices.Contains(wanted.Values, f.node) {
				return true
			}
		}
	}
	return false
}

// Delete removes the folder of a volume, if it is one of ours.
func (f folders) Delete(_ context.Context, volume *v1.PersistentVolume) error {
	source := volume.Spec.HostPath
	if source == nil || filepath.Dir(filepath.Clean(source.Path)) != f.root {
		return fmt.Errorf("%s is no folder below %s", volume.Name, f.root)
	}
	return os.RemoveAll(source.Path)
}

func main() {
	provisioner := folders{node: os.Getenv("NODE_NAME"), root: filepath.Clean(os.Getenv("ROOT"))}
	if provisioner.node == "" || !filepath.IsAbs(provisioner.root) {
		log.Fatal("NODE_NAME and ROOT, an absolute path, must be set")
	}
	config, err := rest.InClusterConfig()
	if err != nil {
		log.Fatal(err)
	}
	config.QPS, config.Burst = 50, 100
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	controller.NewProvisionController(
		ctx, client, provisionerName, provisioner,
		controller.LeaderElection(false), // each node looks after its own volumes
	).Run(ctx)
}
