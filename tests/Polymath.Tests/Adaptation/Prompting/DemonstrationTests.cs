using CsCheck;
using Polymath.Adaptation;
using Polymath.Features;
using Polymath.Generation;
using Polymath.Tasks;

namespace Polymath.Tests;

public sealed class DemonstrationTests
{
    private static FeatureMatrix Matrix(params (float X, float Y)[] points) => new([.. points.SelectMany(point => new[] { point.X, point.Y })], points.Length, 2);

    [Fact]
    public void Random_and_balanced_orders_follow_from_the_seed() => Gen.Select(Gen.Int[0, 3].Array[1, 40], Gen.Int).Sample((labels, seed) =>
    {
        foreach (var order in new Func<int[]>[] { () => DemonstrationRanking.Random(labels.Length, seed), () => DemonstrationRanking.Balanced(labels, seed) })
        {
            Assert.Equal(order(), order());
            Assert.Equal(Enumerable.Range(0, labels.Length), order().Order());
        }
        var balanced = DemonstrationRanking.Balanced(labels, seed);
        var least = labels.GroupBy(label => label).Min(rows => rows.Count());
        for (var turn = 0; turn < least; turn++) // as long as every class has rows, each turn shows every class once
            Assert.Equal(labels.Distinct().Count(), balanced.Skip(turn * labels.Distinct().Count()).Take(labels.Distinct().Count()).Select(row => labels[row]).Distinct().Count());
    });

    [Fact]
    public void Another_seed_draws_other_rows() => Assert.NotEqual(DemonstrationRanking.Random(50, 1), DemonstrationRanking.Random(50, 2));

    [Fact]
    public void Diverse_rows_start_in_the_middle_and_go_to_the_corners()
    {
        var x = Matrix((0, 0), (0.1f, 0), (10, 0), (0, 9), (-8, -8), (10, 0.1f));
        Assert.Equal([1, 4, 5, 3], DemonstrationRanking.Diverse(x, 4));
        Assert.Equal(Enumerable.Range(0, 6), DemonstrationRanking.Diverse(x, 99).Order());
        Assert.Equal([0, 1, 2], DemonstrationRanking.Diverse(Matrix((1, 1), (1, 1), (1, 1)), 3).Order());
    }

    [Fact]
    public void Chosen_rows_are_within_twice_the_best_radius() => Gen.Select(Gen.Select(Gen.Float[-1, 1], Gen.Float[-1, 1]).Array[4, 9], Gen.Int[2, 3]).Sample((points, k) =>
    {
        var x = Matrix(points);
        double Radius(int[] centres) => points.Max(p => centres.Min(c => Math.Sqrt(Math.Pow(p.Item1 - points[c].Item1, 2) + Math.Pow(p.Item2 - points[c].Item2, 2))));
        IEnumerable<int[]> Sets(int from, int count) => count == 0 ? [[]] : Enumerable.Range(from, Math.Max(0, points.Length - from)).SelectMany(first => Sets(first + 1, count - 1).Select(rest => (int[])[first, .. rest]));
        Assert.True(Radius(DemonstrationRanking.Diverse(x, k)) <= 2 * Sets(0, k).Min(Radius) + 1e-5);
    });

    [Fact]
    public void Support_vectors_are_the_rows_at_the_border_of_each_class_in_turn()
    {
        // Class 0 left of zero, class 1 right of it; row 6 is on the wrong side.
        var x = Matrix((-5, 0), (-1, 0), (-3, 0), (5, 0), (1.2f, 0), (3, 0), (4, 0.5f));
        int[] labels = [0, 0, 0, 1, 1, 1, 0];
        var order = DemonstrationRanking.SupportVectors(x, labels, 2, default);
        Assert.Equal([1, 2, 0, 6], order.Where(row => labels[row] == 0));
        Assert.Equal([4, 5, 3], order.Where(row => labels[row] == 1));
        Assert.All(Enumerable.Range(0, 3), turn => Assert.Equal(1, labels[order[2 * turn]] + labels[order[2 * turn + 1]]));
        var three = DemonstrationRanking.SupportVectors(Matrix((0, 5), (0, 1), (5, -5), (1, -1), (-5, -5), (-1, -1)), [0, 0, 1, 1, 2, 2], 3, default);
        Assert.Equal([1, 3, 5], three[..3].Order());
    }

    [Fact]
    public void The_nearest_rows_leave_out_the_row_itself()
    {
        var pool = Matrix((1, 0), (0.8f, 0.6f), (0, 1), (1, 0));
        Assert.Equal([0, 3, 1, 2], DemonstrationRanking.Nearest(pool, [1, 0]));
        Assert.Equal([3, 1, 2], DemonstrationRanking.Nearest(pool, pool.Row(0), without: 0));
    }

    [Fact]
    public void Rows_are_taken_while_they_fit_and_the_best_stands_last() => Gen.Select(Gen.Int[1, 30].Array[0, 40], Gen.Int[0, 8], Gen.Int[1, 80]).Sample((costs, count, budget) =>
    {
        var options = new DemonstrationOptions { Count = count, TokenBudget = budget };
        var taken = DemonstrationSource.Take(Enumerable.Range(0, costs.Length), options, row => costs[row]);
        Assert.True(taken.Length <= count && taken.Sum(row => costs[row]) <= budget);
        Assert.Equal(taken.OrderDescending(), taken);
        if (taken.Length < count) // nothing that was passed over would still have fitted
            Assert.All(Enumerable.Range(0, costs.Length).Except(taken), row => Assert.True(costs[row] + taken.Where(other => other < row).Sum(other => costs[other]) > budget));
        Assert.Equal(Math.Min(count, costs.Length), DemonstrationSource.Take(Enumerable.Range(0, costs.Length), options with { TokenBudget = null }, row => costs[row]).Length);
    });

    [Fact]
    public void A_demonstration_costs_its_tokens_and_the_separator()
    {
        var filler = new PromptFiller(FakeLanguageModel.Hashed().As(LanguageModelKind.Decoder), new PromptTemplate("Q: {{text}}\nA: {{answer}}"));
        Demonstration shown = new(new Row("one two"), "three");
        var row = new Row("four");
        Assert.Equal(filler.Fill(row, [shown, shown], 512).Before.Length - filler.Fill(row, [shown], 512).Before.Length, filler.Cost(shown));
    }
}
