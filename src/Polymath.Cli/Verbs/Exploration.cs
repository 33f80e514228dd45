using Polymath.Features;
using Polymath.Tasks;
using ScottPlot;

namespace Polymath.Cli.Verbs;

/// <summary>What exploring found.</summary>
/// <param name="Picture">The file.</param>
/// <param name="Clusters">Number of k-means clusters.</param>
/// <param name="ExplainedVariance">Share of the variance on the two axes of the picture.</param>
/// <param name="Purity">Share of rows whose label is the commonest of their cluster; null without labels.</param>
/// <param name="Majority">Share of the commonest label: what purity must beat.</param>
/// <param name="Sentence">The same in words.</param>
internal sealed record ExplorationResult(string Picture, int Clusters, double ExplainedVariance, double? Purity, double? Majority, string Sentence);

/// <summary>Rows on their two principal axes, coloured by label, and how well k-means clusters meet the labels. At most 20,000 rows are kept.</summary>
internal sealed class Exploration(int width)
{
    private const int MostRows = 20_000;

    private readonly List<float> _values = [];
    private readonly List<string?> _labels = [];

    /// <summary>Takes rows until there are enough.</summary>
    public void Add(Row[] rows, FeatureMatrix vectors)
    {
        for (var r = 0; r < rows.Length && _labels.Count < MostRows; r++)
        {
            _values.AddRange(vectors.Row(r));
            _labels.Add(rows[r].Label);
        }
    }

    /// <summary>Computes axes and clusters and writes the picture.</summary>
    public ExplorationResult Draw(string path, int? clusters, int seed, string title, CancellationToken cancellation)
    {
        if (_labels.Count < 3) throw new PolymathException($"{_labels.Count} rows: expected at least 3 to explore");
        var x = new FeatureMatrix([.. _values], _labels.Count, width);
        var map = _labels.All(label => label is not null) ? LabelMap.FromLabels(_labels.Select(label => label!)) : null;
        var count = Math.Clamp(clusters ?? map?.Count ?? 8, 2, _labels.Count);
        var pca = Pca.Fit(x, 2);
        var grouped = KMeans.Fit(x, count, (ulong)seed, cancellation: cancellation);
        int[]? ids = map is null ? null : [.. _labels.Select(label => map.IdOf(label!))];
        double? purity = ids is null ? null : ClusterAgreement.Purity(grouped.Labels, ids);
        double? majority = ids is null ? null : ids.GroupBy(id => id).Max(group => group.Count()) / (double)ids.Length;
        Plot(path, pca.Transform(x), ids ?? grouped.Labels, map?.Names ?? [.. Enumerable.Range(1, count).Select(k => $"cluster {k}")], title);
        var explained = pca.ExplainedVarianceRatio.Sum();
        var sentence = $"picture: {path} ({explained:P1} of the variance on its two axes); {count} k-means clusters"
            + (purity is null ? "" : $" have purity {purity:F3} against labels (the commonest label alone: {majority:F3})");
        return new ExplorationResult(path, count, explained, purity, majority, sentence);
    }

    private static void Plot(string path, FeatureMatrix points, int[] groups, IReadOnlyList<string> names, string title)
    {
        using var plot = new Plot();
        plot.Font.Set("DejaVu Sans");
        var palette = new ScottPlot.Palettes.Category20();
        foreach (var group in groups.Distinct().Order())
        {
            int[] rows = [.. Enumerable.Range(0, points.Rows).Where(r => groups[r] == group)];
            var marks = plot.Add.Markers(rows.Select(r => (double)points.Row(r)[0]).ToArray(), rows.Select(r => (double)points.Row(r)[1]).ToArray());
            marks.MarkerStyle.Size = points.Rows > 3000 ? 3 : 6;
            marks.MarkerStyle.FillColor = palette.GetColor(group).WithAlpha(0.7);
            if (names.Count <= 20) marks.LegendText = names[group];
        }
        plot.Title(title);
        plot.XLabel("first principal axis");
        plot.YLabel("second principal axis");
        if (names.Count <= 20) plot.ShowLegend(Edge.Right);
        var bytes = plot.GetImage(1200, 800).GetImageBytes(ImageFormat.Png);
        Native.Disk.Default.WriteFile(path, stream => stream.Write(bytes));
    }
}
