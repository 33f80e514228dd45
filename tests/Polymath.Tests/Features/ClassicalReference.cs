using System.Text.Json;
using Polymath.Checkpoints;
using Polymath.Features;

namespace Polymath.Tests;

/// <summary>The reference estimators' inputs and results (Golden/training/classical.*).</summary>
internal static class ClassicalReference
{
    public static JsonElement Facts { get; } = JsonDocument.Parse(File.ReadAllText(TestFiles.Golden("training", "classical.json"))).RootElement;

    public static FeatureMatrix X => Matrix("x");

    public static int[] Y
    {
        get
        {
            using var file = Open();
            return [.. file.ReadIntegers("y").Select(value => (int)value)];
        }
    }

    public static FeatureMatrix Matrix(string name)
    {
        using var file = Open();
        var shape = file.Info(name).Shape;
        return new FeatureMatrix(file.ReadFloats(name), (int)shape[0], (int)shape[1]);
    }

    private static SafetensorsFile Open() => SafetensorsFile.Open(TestFiles.Golden("training", "classical.safetensors"));

    public static double[] Numbers(this JsonElement element) => [.. element.EnumerateArray().Select(e => e.GetDouble())];

    public static int[] Integers(this JsonElement element) => [.. element.EnumerateArray().Select(e => e.GetInt32())];

    public static double[][] Rows(this JsonElement element) => [.. element.EnumerateArray().Select(Numbers)];
}
