//go:build conformance
package render
import ("testing";"os")
func BenchmarkZZ(b *testing.B){
 root:=os.Getenv("ZR")
 tree,_:=OpenTree(root)
 dirs:=kustomizationsBelow2(root)
 for _,traced:=range []bool{true,false}{
  b.Run(map[bool]string{true:"traced",false:"plain"}[traced],func(b *testing.B){
   for i:=0;i<b.N;i++{ for _,d:=range dirs {
     k:=krustyBuild{tree:tree.Recording(),src:Source{Path:d},budget:newBudget()}
     r,err:=k.run(traced)
     if err==nil && os.Getenv("ZO")!="" { k.objects(r,r) }
   }}
  })
 }
}
func kustomizationsBelow2(root string) []string { return kustomizationsBelow(nil,root) }
