using Polymath.Features;

namespace Polymath.Tests;

public class ClusteringTests
{
    [Fact]
    public void Principal_components_are_those_of_the_reference()
    {
        var expected = ClassicalReference.Facts.GetProperty("pca");
        var pca = Pca.Fit(ClassicalReference.X, 5);
        Close(expected.GetProperty("mean").Numbers(), pca.Mean, 1e-12);
        Close(expected.GetProperty("explained_variance").Numbers(), pca.ExplainedVariance, 1e-11);
        Close(expected.GetProperty("explained_variance_ratio").Numbers(), pca.ExplainedVarianceRatio, 1e-12);
        var components = expected.GetProperty("components_up_to_sign").Rows();
        for (var c = 0; c < 5; c++)
        {
            var row = pca.Components[(c * 10)..(c * 10 + 10)];
            Assert.True(row.MaxBy(Math.Abs) > 0);
            var sign = components[c].MaxBy(Math.Abs) > 0 ? 1 : -1;
            Close([.. components[c].Select(v => sign * v)], row, 1e-10);
        }
    }

    [Fact]
    public void Projections_are_uncorrelated_and_keep_the_variance()
    {
        var x = ClassicalReference.X;
        var pca = Pca.Fit(x, 10);
        var turned = pca.Transform(x);
        for (var a = 0; a < 10; a++)
            for (var b = 0; b <= a; b++)
            {
                var covariance = Enumerable.Range(0, x.Rows).Sum(i => (double)turned.Row(i)[a] * turned.Row(i)[b]) / (x.Rows - 1);
                Assert.Equal(a == b ? pca.ExplainedVariance[a] : 0, covariance, 1e-5);
            }
        Assert.Equal(1, pca.ExplainedVarianceRatio.Sum(), 1e-12);
    }

    [Fact]
    public void Lloyd_from_given_centres_is_the_reference_clustering()
    {
        var expected = ClassicalReference.Facts.GetProperty("kmeans (Lloyd from the first four rows)");
        var x = ClassicalReference.X;
        var result = KMeans.Fit(x, [.. x.Values.Take(40).Select(v => (double)v)]);
        Assert.Equal(expected.GetProperty("labels").Integers(), result.Labels);
        Assert.Equal(expected.GetProperty("iterations").GetInt32(), result.Iterations);
        Close([.. expected.GetProperty("centres").Rows().SelectMany(r => r)], result.Centres, 1e-10);
        Assert.Equal(expected.GetProperty("inertia").GetDouble(), result.Inertia, 1e-9);
        Assert.Equal(expected.GetProperty("adjusted_rand_index").GetDouble(), ClusterAgreement.AdjustedRandIndex(result.Labels, ClassicalReference.Y), 1e-12);
        Assert.Equal(expected.GetProperty("normalized_mutual_information").GetDouble(), ClusterAgreement.NormalizedMutualInformation(result.Labels, ClassicalReference.Y), 1e-12);
    }

    [Fact]
    public void Seeded_centres_find_far_clusters_and_the_seed_decides()
    {
        var (x, y) = Synthetic.Clusters(400, 6, 5, 8, 3);
        var best = Enumerable.Range(0, 5).Select(seed => KMeans.Fit(x, 5, (ulong)seed)).MinBy(c => c.Inertia)!;
        Assert.Equal(1, ClusterAgreement.Purity(best.Labels, y));
        Assert.Equal(KMeans.Fit(x, 5, 7).Centres, KMeans.Fit(x, 5, 7).Centres);
    }

    [Fact]
    public void An_empty_cluster_takes_the_farthest_row()
    {
        var x = new FeatureMatrix([0, 1, 2, 10], 4, 1);
        var result = KMeans.Fit(x, [1, 1000]);
        Assert.Equal([0, 0, 0, 1], result.Labels);
        Assert.Equal([1, 10], result.Centres);
        Assert.Equal(2, result.Inertia, 1e-12);
        var same = KMeans.Fit(new FeatureMatrix([3, 3, 3], 3, 1), 3); // fewer different rows than clusters
        Assert.Equal(0, same.Inertia);
    }

    [Fact]
    public void Purity_counts_the_most_frequent_label_of_each_cluster()
    {
        Assert.Equal(4 / 6.0, ClusterAgreement.Purity([0, 0, 0, 1, 1, 1], [7, 7, 8, 8, 9, 8]), 1e-12);
        Assert.Equal(1, ClusterAgreement.AdjustedRandIndex([4, 4, 2], [0, 0, 1]), 1e-12);
        Assert.Equal(1, ClusterAgreement.NormalizedMutualInformation([4, 4, 2], [0, 0, 1]), 1e-12);
    }

    private static void Close(double[] expected, double[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], tolerance);
    }
}
