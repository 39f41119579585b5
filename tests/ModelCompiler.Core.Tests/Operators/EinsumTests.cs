using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Operators;

public sealed class EinsumTests
{
    [Fact]
    public void Contractions_equal_onnxruntime()
    {
        var model = new OnnxModelBuilder(13);
        var x = model.Input("x", ElementType.Float32, 2, 3, 4, 5);
        var y = model.Input("y", ElementType.Float32, 2, 3, 6, 5);
        var z = model.Input("z", ElementType.Float32, 5, 4);
        foreach (var equation in new[] { "bhid,bhjd->bhij", "bhid,bhjd->bihj", "bhid,bhjd", "...id,...jd->...ij", "bhid,bhjd->bh" })
        {
            model.Output(model.Node("Einsum", [x, y], ("equation", equation)), ElementType.Float32);
        }

        foreach (var equation in new[] { "abcd,dc->ab", "abcd, de -> abce", "...d,dc->...c", "abcd,ec->abcde", "abcd,ec" })
        {
            model.Output(model.Node("Einsum", [x, z], ("equation", equation)), ElementType.Float32);
        }

        foreach (var equation in new[] { "abcd->dbac", "abcd->bd", "abcd->", "...ab->...ba" })
        {
            model.Output(model.Node("Einsum", [x], ("equation", equation)), ElementType.Float32);
        }

        model.Output(model.Node("Einsum", [x, y, z], ("equation", "bhid,bhjd,dk->bjk")), ElementType.Float32);
        Differential.Check(model, tolerance: new Differential.Tolerance(Absolute: 1e-3));
    }

    [Fact]
    public void Diagonals_equal_onnxruntime()
    {
        var model = new OnnxModelBuilder(13);
        var (square, cube) = (model.Input("square", ElementType.Float32, 4, 4), model.Input("cube", ElementType.Float32, 4, 3, 4, 4));
        foreach (var equation in new[] { "ii->i", "ii->", "ii" })
        {
            model.Output(model.Node("Einsum", [square], ("equation", equation)), ElementType.Float32);
        }

        foreach (var equation in new[] { "iaij->aij", "iaii->ai", "...ii->...i" })
        {
            model.Output(model.Node("Einsum", [cube], ("equation", equation)), ElementType.Float32);
        }

        model.Output(model.Node("Einsum", [cube, square], ("equation", "iaij,jk->iak")), ElementType.Float32);
        model.Output(model.Node("Einsum", [square, square], ("equation", "ii,jj->ij")), ElementType.Float32);
        Differential.Check(model);
    }
}
